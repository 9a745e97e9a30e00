"""Release, fetch, submit, collect and feedback, over HTTP and into a store."""
