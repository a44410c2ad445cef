"""Roundcube's databases as they were made by its versions, built here from its public schema."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

USERS = (
    "user_id integer PRIMARY KEY, username varchar(128), mail_host varchar(128),"
    " created datetime, language text"
)
CONTACTS = """contact_id integer PRIMARY KEY, user_id integer, changed datetime, del tinyint,
 name text, email text, firstname text, surname text, vcard text"""
IDENTITIES = """identity_id integer PRIMARY KEY, user_id integer, changed datetime, del tinyint,
 standard tinyint, name text, organization text, email text, "reply-to" text, bcc text,
 signature text"""

LAYOUTS: dict[str, dict[str, str]] = {
    "0.2": {
        "users": USERS + ", alias text, preferences text",
        "contacts": CONTACTS,
        "identities": IDENTITIES,
        "messages": "message_id integer, subject text",
    },
    "0.4": {
        "users": USERS + ", preferences text",
        "contacts": CONTACTS + ", words text",
        "contactgroups": "contactgroup_id integer PRIMARY KEY, user_id integer,"
        " changed datetime, del tinyint,"
        " name text",
        "contactgroupmembers": "contactgroup_id integer, contact_id integer, created datetime",
        "identities": IDENTITIES + ", html_signature tinyint",
    },
}
LAYOUTS["1.4"] = LAYOUTS["0.4"] | {"system": "name text, value text", "cache": "data text"}
LAYOUTS["1.6"] = LAYOUTS["1.4"] | {
    "collected_addresses": "address_id integer PRIMARY KEY, user_id integer, changed datetime,"
    " name text, email text, type integer",
    "responses": "response_id integer PRIMARY KEY, user_id integer, name text, data text,"
    " is_html tinyint, changed datetime, del tinyint",
}

CARD = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Älter;Ann;;;\r\nFN:Ann Älter\r\n"
    "EMAIL;TYPE=INTERNET;TYPE=HOME:ann@x.example\r\nTEL;TYPE=CELL:+49 1\r\n"
    "item1.X-ABDATE:2001-02-03\r\nPHOTO;ENCODING=b:AAEC\r\nEND:VCARD"
)

ROWS: dict[str, list[dict[str, Any]]] = {
    "users": [{"user_id": 7, "username": "Info@example.com", "mail_host": "localhost",
               "language": "de_DE"}],
    "contacts": [
        {"contact_id": 1, "user_id": 7, "del": 0, "name": "Ann Älter", "email": "ann@x.example",
         "firstname": "Ann", "surname": "Älter", "vcard": CARD},
        {"contact_id": 2, "user_id": 7, "del": 0, "name": "Bob", "email": "b@x.example,b@y.example",
         "firstname": "", "surname": "", "vcard": None},
        {"contact_id": 3, "user_id": 7, "del": 1, "name": "Gone", "email": "gone@x.example"},
        {"contact_id": 4, "user_id": 8, "del": 0, "name": "Whose", "email": "whose@x.example"},
    ],
    "contactgroups": [
        {"contactgroup_id": 1, "user_id": 7, "del": 0, "name": "Team"},
        {"contactgroup_id": 2, "user_id": 7, "del": 0, "name": "Nobody's"},
        {"contactgroup_id": 3, "user_id": 7, "del": 1, "name": "Gone"},
    ],
    "contactgroupmembers": [
        {"contactgroup_id": 1, "contact_id": 1},
        {"contactgroup_id": 3, "contact_id": 1},
        {"contactgroup_id": 1, "contact_id": 3},
    ],
    "identities": [
        {"identity_id": 1, "user_id": 7, "del": 0, "standard": 1, "name": "Info",
         "organization": "Example", "email": "info@example.com", "reply-to": "desk@example.com",
         "bcc": "", "signature": "<b>Info</b>\nline 2", "html_signature": 1},
        {"identity_id": 2, "user_id": 7, "del": 1, "standard": 0, "name": "Old",
         "email": "old@example.com"},
    ],
    "collected_addresses": [
        {"user_id": 7, "name": "Cy", "email": "cy@x.example", "type": 1},
        {"user_id": 7, "name": "Dan", "email": "dan@x.example", "type": 2},
    ],
    "responses": [
        {"user_id": 7, "name": "Thanks", "data": "Thank you;\nbye", "is_html": 0, "del": 0},
        {"user_id": 7, "name": "Old", "data": "-", "is_html": 0, "del": 1},
    ],
}  # fmt: skip
"""One user's data; `rows_of` leaves out what a layout has no column for."""


def columns_of(layout: str, table: str) -> list[str]:
    with sqlite3.connect(":memory:") as database:
        database.execute(f'CREATE TABLE "{table}" ({LAYOUTS[layout][table]})')
        return [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]


def rows_of(layout: str, table: str) -> list[dict[str, Any]]:
    """The rows of a table as that version could hold them."""
    known = columns_of(layout, table)
    return [
        {name: row.get(name, 0 if name == "del" else None) for name in known}
        for row in ROWS.get(table, [])
    ]


def sqlite_base(path: Path, layout: str = "1.6") -> Path:
    """A database of that version with everything in it that the version knew."""
    with sqlite3.connect(path) as database:
        for table, columns in LAYOUTS[layout].items():
            database.execute(f'CREATE TABLE "{table}" ({columns})')
            for row in rows_of(layout, table):
                names = ", ".join(f'"{name}"' for name in row)
                marks = ", ".join("?" for _ in row)
                database.execute(
                    f'INSERT INTO "{table}" ({names}) VALUES ({marks})', list(row.values())
                )
    database.close()
    return path


def quoted(value: object) -> str:
    """A value as `mysqldump` writes it."""
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return "'" + text.replace("\r", "\\r").replace("\0", "\\0") + "'"


def mysql_dump(layout: str = "1.6", *, named: bool = False, prefix: str = "") -> str:
    """The same data as a dump, its rows in one statement per table."""
    out = ["-- MySQL dump 10.19 it's; a 'comment'", "/*!40101 SET NAMES utf8mb4 */;", ""]
    for table in LAYOUTS[layout]:
        columns = columns_of(layout, table)
        defined = ",\n".join(f"  `{name}` text DEFAULT '(,)'" for name in columns)
        full = f"`{prefix}{table}`"
        out += [
            f"DROP TABLE IF EXISTS {full};",
            f"CREATE TABLE {full} (\n{defined},\n  PRIMARY KEY (`{columns[0]}`,`x`),\n"
            f"  KEY `user_id` (`del`)\n) ENGINE=InnoDB COMMENT='it; ends';",
            f"LOCK TABLES {full} WRITE;",
        ]
        rows = [
            "(" + ",".join(quoted(value) for value in row.values()) + ")"
            for row in rows_of(layout, table)
        ]
        if rows:
            names = " (" + ", ".join(f"`{name}`" for name in columns) + ")" if named else ""
            out.append(f"INSERT INTO {full}{names} VALUES {','.join(rows)};")
        out.append("UNLOCK TABLES;")
    return "\n".join(out) + "\n"
