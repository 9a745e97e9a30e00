"""The exchange's REST API."""

from fastapi import APIRouter

router = APIRouter(tags=["exchange"])
