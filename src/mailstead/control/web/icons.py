"""Pictures of the panel as outlines on a grid of 24 by 24, drawn for this house."""

from __future__ import annotations

PATHS: dict[str, str] = {
    "home": "M4 11l8-7 8 7M6 9.5V20h12V9.5M10 20v-6h4v6",
    "people": "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0"
    "M16 4.5a3.5 3.5 0 0 1 0 6.2M18 14.2a6.5 6.5 0 0 1 3.5 5.8",
    "globe": "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c3 3 3.5 6 3.5 9S15 18 12 21"
    "c-3-3-3.5-6-3.5-9S9 6 12 3z",
    "mailbox": "M3 6h18v12H3zM3 7l9 6.5L21 7",
    "package": "M4 8l8-4.5L20 8v8l-8 4.5L4 16zM4 8l8 4.5L20 8M12 12.5v8",
    "brush": "M4 20c3 0 5-1 5-3.5 0-1.5 1-2.5 2.5-2.5L20 5.5 18.5 4 10 12.5",
    "server": "M4 4h16v6H4zM4 14h16v6H4zM7.5 7h.01M7.5 17h.01M11 7h6M11 17h6",
    "queue": "M4 6h16M4 12h11M4 18h7M18 12l3 3-3 3",
    "chart": "M4 20V4M4 20h16M8 16v-5M12 16V8M16 16v-3M20 16V6",
    "key": "M8 15.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM12 11h9M18 11v3.5M15 11v2.5",
    "plug": "M9 3v5M15 3v5M6 8h12v4a6 6 0 0 1-12 0zM12 18v3",
    "list": "M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01",
    "log": "M6 3h9l4 4v14H6zM14 3v5h5M9 12h7M9 16h7",
    "filter": "M3 5h18l-7 8v6l-4-2v-4z",
    "sun": "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2"
    "M19 5l-2 2M7 17l-2 2",
    "shield": "M12 3l8 3v6c0 4.5-3.2 7.6-8 9-4.8-1.4-8-4.5-8-9V6z",
    "check": "M5 12.5l4.5 4.5L19 7",
    "warning": "M12 4l9 16H3zM12 10v4.5M12 17.5h.01",
    "cross": "M6 6l12 12M18 6L6 18",
    "dot": "M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z",
    "search": "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L21 21",
    "menu": "M4 6h16M4 12h16M4 18h16",
    "plus": "M12 5v14M5 12h14",
    "out": "M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9",
    "user": "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 21a7.5 7.5 0 0 1 15 0",
    "copy": "M9 9h11v11H9zM5 15H4V4h11v1",
    "download": "M12 4v11M7.5 10.5L12 15l4.5-4.5M4 20h16",
    "upload": "M12 15V4M7.5 8.5L12 4l4.5 4.5M4 20h16",
    "print": "M7 8V3h10v5M7 17H4V8h16v9h-3M7 14h10v7H7z",
    "trash": "M4 7h16M9 7V4h6v3M6 7l1 14h10l1-14M10 11v6M14 11v6",
    "undo": "M8 5L4 9l4 4M4 9h10a6 6 0 0 1 0 12h-3",
    "up": "M12 19V5M6 11l6-6 6 6",
    "down": "M12 5v14M6 13l6 6 6-6",
    "arrow": "M5 12h14M13 6l6 6-6 6",
    "forward": "M13 5l7 7-7 7v-4.5C8 14.500 5.500 16 4 19c0-6 3-9.500 9-9.500z",
    "clock": "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.500 2",
}
