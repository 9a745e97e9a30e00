"""The classroom's web pages: students', graders' and instructors'."""

from fastapi import APIRouter

from classroom.service.pages import (
    agreement_pages,
    calibration_pages,
    correction_pages,
    course_acts,
    course_pages,
    desk_acts,
    dry_run_pages,
    extension_pages,
    grading_pages,
    hold_acts,
    home_pages,
    rescore_pages,
    roster_pages,
    second_look_pages,
    student_pages,
    third_pages,
)

routers: list[APIRouter] = [
    home_pages.router,
    student_pages.router,
    course_acts.router,
    course_pages.router,
    correction_pages.router,
    dry_run_pages.router,
    extension_pages.router,
    hold_acts.router,
    roster_pages.router,
    calibration_pages.router,  # before pieces, whose addresses it looks like
    second_look_pages.router,
    grading_pages.router,
    desk_acts.router,
    third_pages.router,
    agreement_pages.router,
    rescore_pages.router,
]
