"""nbgrader as this course uses it: plain `nbgrader generate_assignment 01_data_engineering` works from here.

On the class's own machine it works on the class's own folders, gradebook and exchange; the settings say where.
"""

from pathlib import Path

from classroom.assignments import load_course
from classroom.config import child_environment, load_settings
from classroom.gradebook_file import prepare_gradebook

c = get_config()  # noqa: F821 - traitlets hands it in

# The course is the one this file stands in, whatever the environment says of another.
settings = load_settings(child_environment({"CLASSROOM_COURSE": str(Path(__file__).resolve().parent)}))
course = load_course(settings.course_root, starts=settings.starts)

# --- Places -----------------------------------------------------------------------------------------------------------
c.CourseDirectory.course_id = course.id
c.CourseDirectory.root = str(settings.course_root)
# Absolute where STATE= put the class elsewhere; nbgrader then leaves the root out.
c.CourseDirectory.release_directory = str(settings.course_dir("release"))
c.CourseDirectory.submitted_directory = str(settings.course_dir("submitted"))
c.CourseDirectory.autograded_directory = str(settings.course_dir("autograded"))
c.CourseDirectory.feedback_directory = str(settings.course_dir("feedback"))
# With the state, not in the checkout: a class is thrown away with its state folder.
c.CourseDirectory.db_url = settings.gradebook_url
# nbgrader makes a new gradebook by calling `alembic`, which is not on PATH unless the environment is activated.
prepare_gradebook(settings.gradebook_url)

# --- The exchange: over HTTP instead of a shared folder, which no file mode can make safe -----------------------------
plugins = "classroom.exchange.plugins"
c.ExchangeFactory.exchange = f"{plugins}.Exchange"
c.ExchangeFactory.list = f"{plugins}.ExchangeList"
c.ExchangeFactory.fetch_assignment = f"{plugins}.ExchangeFetchAssignment"
c.ExchangeFactory.fetch_feedback = f"{plugins}.ExchangeFetchFeedback"
c.ExchangeFactory.submit = f"{plugins}.ExchangeSubmit"
c.ExchangeFactory.release_assignment = f"{plugins}.ExchangeReleaseAssignment"
c.ExchangeFactory.release_feedback = f"{plugins}.ExchangeReleaseFeedback"
c.ExchangeFactory.collect = f"{plugins}.ExchangeCollect"

# --- Autograding ------------------------------------------------------------------------------------------------------
# The classroom's engine in place of nbgrader's Execute, so that both doors give the same scores. LimitOutput is left
# out: it counts lines, the engine has capped the bytes.
c.Autograde.autograde_preprocessors = [
    "classroom.grading.preprocessor.Judge",
    "nbgrader.preprocessors.IgnorePattern",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
# The late rule of course.yaml; nbgrader's own takes nothing or everything.
c.AssignLatePenalties.plugin_class = "classroom.grading.preprocessor.LatePenalty"
