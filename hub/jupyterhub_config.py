"""The hub of a class. Read from top to bottom it tells who is let in, what they may do, and what is started for them.

CLASSROOM_SPAWNER says where that is: `local`, as processes of this machine and one user, who separates nobody
(`classroom up` starts it so); `docker`, in containers of this machine (docker-compose.yml); `swarm`, in containers of
several. On Kubernetes the first chapter stands in Zero to JupyterHub's `extraConfig`, and the chart tells the rest.
"""

from classroom.assignments import load_course
from classroom.config import load_settings
from classroom.hub_settings import load_hub_settings
from classroom.ops import hub_containers, hub_local, hub_shared

c = get_config()  # noqa: F821 - traitlets hands it in

settings = load_settings()
hub = load_hub_settings()
course = load_course(settings.course_root)
where = hub_local if hub.spawner == "local" else hub_containers

# --- 1. Who is let in, as what, and what they see first ---------------------------------------------------------------
# Passwords of our own, or what GitHub, Google, OpenID Connect or a learning platform says; the roster gives the roles.
hub_shared.let_in(c, hub, course, settings.people)
hub_shared.give_roles(c)
hub_shared.greet(c, hub, settings.public_url)

# --- 2. Where hub, proxy and database are -----------------------------------------------------------------------------
where.place(c, settings, hub)

# --- 3. What is started for a person: a JupyterLab server with the person's home, and nothing of anybody else's -------
where.spawn(c, settings, hub)

# --- 4. What runs beside the servers: the classroom's pages and exchange, and who stops idle servers ------------------
where.serve(c, settings, hub)
