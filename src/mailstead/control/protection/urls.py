"""Addresses of the pages about protection."""

from __future__ import annotations

from django.urls import URLPattern, path

from mailstead.control.protection.views import blocks, breached, cases, deciding, proof

app_name = "protection"
urlpatterns: list[URLPattern] = [
    path("protection/", cases.live, name="list"),
    path("protection/now/", cases.live_part, name="now"),
    path("protection/cases/", cases.history, name="cases"),
    path("protection/cases/<int:number>/", cases.show, name="case"),
    path("protection/cases/<int:number>/release/", deciding.release, name="release"),
    path("protection/cases/<int:number>/decide/", deciding.decide, name="decide"),
    path("protection/cases/<int:number>/delete/", deciding.delete_all, name="delete"),
    path("protection/cases/<int:number>/confirm/", deciding.confirm, name="confirm"),
    path("protection/cases/<int:number>/recover/", deciding.recover, name="recover"),
    path("protection/cases/<int:number>/prove/", proof.prove, name="prove"),
    path("protection/breached/", breached.breached, name="breached"),
    path("protection/blocks/", blocks.overview, name="blocks"),
    path("protection/blocks/lift/", blocks.lift, name="blocks-lift"),
    path("blocked/", blocks.blocked, name="blocked"),
    path("blocked/let-in/", blocks.let_in, name="let-in"),
]
