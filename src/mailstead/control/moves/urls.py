"""Addresses of the pages about moves."""

from __future__ import annotations

from django.urls import URLPattern, path

from mailstead.control.moves.views import acting, contacts, exports, pointing, show

app_name = "moves"
urlpatterns: list[URLPattern] = [
    path("moves/", show.overview, name="list"),
    path("moves/new/", acting.create, name="new"),
    path("moves/batches/", acting.batches, name="batches"),
    path("moves/<int:number>/", show.show, name="move"),
    path("moves/<int:number>/progress/", show.progress, name="progress"),
    path("moves/<int:number>/dns/", pointing.dns, name="dns"),
    path("moves/<int:number>/dns/check/", pointing.check, name="dns-check"),
    path("moves/<int:number>/parity/", show.parity, name="parity"),
    path("moves/<int:number>/plan/", acting.plan, name="plan"),
    path("moves/<int:number>/room/", acting.room, name="room"),
    path("moves/<int:number>/read/", acting.read, name="read"),
    path("moves/<int:number>/announce/", acting.announce, name="announce"),
    path("moves/<int:number>/start/", acting.start, name="start"),
    path("moves/<int:number>/pause/", acting.pause, name="pause"),
    path("moves/<int:number>/resume/", acting.resume, name="resume"),
    path("moves/<int:number>/copy/", acting.copy, name="copy"),
    path("moves/<int:number>/switch/", acting.switch, name="switch"),
    path("moves/<int:number>/verify/", acting.verify, name="verify"),
    path("moves/<int:number>/confirm/", acting.confirm, name="confirm"),
    path("moves/<int:number>/finish/", acting.finish, name="finish"),
    path("moves/<int:number>/back/", acting.back, name="back"),
    path("moves/<int:number>/redirects/new/", acting.add_redirect, name="redirect"),
    path("moves/<int:number>/redirects/<str:host>/end/", acting.end_redirect, name="end-redirect"),
    path("moves/<int:number>/loss/", acting.report_loss, name="loss"),
    path("moves/<int:number>/losses/<int:loss>/", acting.settle, name="settle"),
    path("exports/", exports.overview, name="exports"),
    path("exports/new/", exports.create, name="new-export"),
    path("exports/<int:number>/", exports.show, name="export"),
    path("exports/<int:number>/progress/", exports.progress, name="export-progress"),
    path("exports/<int:number>/stop/", exports.stop, name="export-stop"),
    path("exports/<int:number>/resume/", exports.resume, name="export-resume"),
    path("exports/<int:number>/remove/", exports.remove, name="export-remove"),
    path("exports/<int:number>/file/", exports.file, name="export-file"),
    path("mailboxes/<int:number>/contacts/", contacts.contacts, name="contacts"),
]
