"""The classroom's web pages: students', graders' and instructors'."""

from fastapi import APIRouter

routers: list[APIRouter] = []
