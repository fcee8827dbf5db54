"""Who may log in, and who did what."""

import re
from typing import Any

from flask import request, url_for

from console.frame import Pages
from console.guard import services, visitor
from console.notices import give_notice
from console.people import MAY, ROLES, Refusal

IN_A_PAGE = 100
_PLACE = re.compile(r"[0-9]{1,15}-[0-9]{1,15}")
pages = Pages("team")


@pages.page("/people", "people.html", may="administer")
def people() -> dict[str, Any]:
    """Everybody, and a form for somebody new, or filled in to change somebody."""
    told = [{"name": each.name, "role": each.role, "names": list(each.names)} for each in services().people.all()]
    changed = next((each for each in told if each["name"] == request.args.get("change")), None)
    return {"people": told, "changed": changed, "roles": {role: sorted(MAY[role]) for role in ROLES}}


@pages.page("/audit", "audit.html", may="administer")
def audit() -> dict[str, Any]:
    """Every deed, the newest first."""
    before = request.args.get("before", "")
    deeds = list(services().audit.newest(IN_A_PAGE, before=before if _PLACE.fullmatch(before) else "+"))
    told = [{name: getattr(deed, name) for name in deed.__slots__} for deed in deeds]
    return {"deeds": told, "older": told[-1]["id"] if len(told) == IN_A_PAGE else None}


@pages.page("/me", "me.html")
def me() -> dict[str, Any]:
    """Oneself: the role, and a form for another password."""
    person = visitor().person
    return {"name": person.name, "role": person.role, "names": list(person.names)}


@pages.action("/me/password", may="view")
def change_password() -> str:
    """Changes one's own password, and ends every session of the old one."""
    person, new = visitor().person, request.form.get("new", "")
    if services().people.recognise(person.name, request.form.get("old", "")) is None:
        _tell("The old password is another.", is_error=True)
        return url_for("team.me")
    if not _keep(person.name, person.role, new, person.names, action="password_changed"):
        return url_for("team.me")
    return url_for("login", changed="1")  # this session ended with the others


@pages.action("/people", may="administer")
def keep() -> str:
    """Adds a person, or changes one as the form filled in for that says."""
    name, role = request.form.get("name", "").strip().lower(), request.form.get("role", "")
    names = tuple(word for text in request.form.get("names", "").split(",") if (word := text.strip()))
    is_change = "changes" in request.form
    if not is_change and services().people.get(name):
        _refuse("person_kept", name, Refusal(f"{name} is here already: choose Change beside the name."))
    elif not _keep(name, role, request.form.get("password") or None, names, action="person_kept") and is_change:
        return url_for("team.people", change=name)
    return url_for("team.people")


@pages.action("/people/<name>/remove", may="administer")
def remove(name: str) -> str:
    """Lets a person log in no more."""
    services().audit.note(visitor().person.name, "person_removed", subject=name)
    try:
        services().people.remove(name)
    except Refusal as refusal:
        _refuse("person_removed", name, refusal)
    else:
        services().sessions.end_all(name)
        _tell(f"{name} can log in no more.")
    return url_for("team.people")


def _keep(name: str, role: str, password: str | None, names: tuple[str, ...], *, action: str) -> bool:
    """Whether the person is now as said; tells what became of it."""
    called = f", called {', '.join(names)}" if names else ""
    services().audit.note(visitor().person.name, action, subject=name, detail=f"{role}{called}")
    try:
        services().people.keep(name, role=role, password=password, names=names)
    except Refusal as refusal:
        _refuse(action, name, refusal)
        return False
    if password is not None:
        services().sessions.end_all(name)
    _tell(f"{name} is kept.")
    return True


def _refuse(action: str, name: str, refusal: Refusal) -> None:
    services().audit.note(visitor().person.name, "refused", subject=name, detail=f"{action}: {refusal}")
    _tell(str(refusal), is_error=True)


def _tell(sentence: str, *, is_error: bool = False) -> None:
    give_notice(services().ledger.redis, visitor().session, sentence, is_error=is_error)
