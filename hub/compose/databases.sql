-- Run once, when PostgreSQL's volume is new: the hub's tables apart from the classroom's, for which there is a database.
CREATE DATABASE hub;
