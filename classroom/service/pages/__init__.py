"""The pages of instructors, graders and students."""

from fastapi import APIRouter

routers: list[APIRouter] = []
