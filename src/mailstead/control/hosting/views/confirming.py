"""The two pages that stand before most acts: one form, or the question whether it shall be done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from mailstead.control.web.forms import submitted


@dataclass(frozen=True)
class Question:
    """What is asked before the act."""

    title: str
    lines: Sequence[str]
    """What will happen, and how it can be undone."""
    act: str
    """The button's words."""
    back: str
    """Address of the page to which one returns without the act."""
    danger: bool = False


def form_page(
    request: HttpRequest, form: forms.Form, *, title: str, act: str, back: str, words: str = ""
) -> HttpResponse:
    """One form with its button, `act`; `words` say what it is for, `back` is the way out."""
    context = {"form": form, "title": title, "act": act, "back": back, "words": words}
    return render(request, "web/form.html", context)


def confirmed(
    request: HttpRequest,
    question: Question,
    do: Callable[[dict[str, Any]], Any],
    *,
    done: Callable[[], str],
    then: str = "",
    form: type[forms.Form] = forms.Form,
) -> HttpResponse:
    """Ask, or do it when asked already; `done` gives the words afterwards, `then` the next page."""
    bound = form(request.POST if request.method == "POST" else None)
    if request.method == "POST" and submitted(bound, do):
        messages.success(request, done())
        return redirect(then or question.back)
    context = {
        "title": question.title,
        "lines": question.lines,
        "act": question.act,
        "danger": question.danger,
        "back": question.back,
        "form": bound,
    }
    return render(request, "web/confirm.html", context)
