"""nbgrader on a student's server: it speaks to the classroom's service instead of a shared folder."""

c = get_config()  # noqa: F821 - traitlets hands it in

c.CourseDirectory.course_id = "mlcards"

# The eight steps of nbgrader's exchange, over HTTP with the server's own hub token.
plugins = "classroom.exchange.plugins"
c.ExchangeFactory.exchange = f"{plugins}.Exchange"
c.ExchangeFactory.list = f"{plugins}.ExchangeList"
c.ExchangeFactory.fetch_assignment = f"{plugins}.ExchangeFetchAssignment"
c.ExchangeFactory.fetch_feedback = f"{plugins}.ExchangeFetchFeedback"
c.ExchangeFactory.submit = f"{plugins}.ExchangeSubmit"
c.ExchangeFactory.release_assignment = f"{plugins}.ExchangeReleaseAssignment"
c.ExchangeFactory.release_feedback = f"{plugins}.ExchangeReleaseFeedback"
c.ExchangeFactory.collect = f"{plugins}.ExchangeCollect"
