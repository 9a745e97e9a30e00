"""Every error the classroom raises on purpose.

    ClassroomError
    ├── StudentCodeError     the student's code: recorded, that cell scores 0, shown to the student
    ├── CourseError          the course: a wrong rubric, a solution that fails; stops the author
    ├── GraderError          ours: the job is tried again, the student loses nothing
    ├── SettingsError        the operator's: a setting is missing or unsafe; refuses to start
    └── RequestError         a request that can't be served; the service turns it into its status
        ├── NotSignedIn      401
        ├── Forbidden        403
        ├── NotFound         404, also for what the caller may not see
        ├── Conflict         409, somebody was quicker
        ├── TooLarge         413
        ├── Refused          422, the content breaks a rule
        └── Unavailable      503, the hub or the service doesn't answer; try again
            └── DatabaseAway 503, the database can't be reached, or stays locked

Only the edges catch these: the command line turns them into one line, the service into its one JSON shape.
"""

from typing import ClassVar


class ClassroomError(Exception):
    """What happened, to which id, what to do next: the message is shown as it is."""


class StudentCodeError(ClassroomError):
    """The student's code failed."""


class CourseError(ClassroomError):
    """The course's files contradict themselves."""


class GraderError(ClassroomError):
    """The grader failed; the student loses nothing."""


class SettingsError(ClassroomError):
    """A setting is missing or unsafe."""


class RequestError(ClassroomError):
    """A request that can't be served. `code` is the machine's word for it in the JSON body."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"


class NotSignedIn(RequestError):
    """No token, or one the hub doesn't know."""

    status = 401
    code = "not_signed_in"


class Forbidden(RequestError):
    """The caller's role doesn't allow it."""

    status = 403
    code = "forbidden"


class NotFound(RequestError):
    """There is no such thing, or the caller may not know of it."""

    status = 404
    code = "not_found"


class Conflict(RequestError):
    """The state changed since the caller looked."""

    status = 409
    code = "conflict"


class TooLarge(RequestError):
    """An upload is larger than the assignment allows."""

    status = 413
    code = "too_large"


class Refused(RequestError):
    """The content breaks a rule: a link, an unsafe name, a closed assignment."""

    status = 422
    code = "refused"


class Unavailable(RequestError):
    """The hub or the service can't be reached; nothing was changed, so trying again is safe."""

    status = 503
    code = "unavailable"


class DatabaseAway(Unavailable):
    """The database can't be reached or stays locked; what was being committed in that moment may be there or not."""
