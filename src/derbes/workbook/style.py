"""How cells look: one quiet palette that stays readable in grey, one set of formats a workbook."""

from __future__ import annotations

from typing import Any, TypeAlias

Look: TypeAlias = dict[str, Any]

#: Metrically equal to Liberation Sans, has the Kazakh letters, and is on every office computer.
FONT = "Arial"
INK, GREY, LINE = "#1F2933", "#616E7C", "#CBD2D9"
HEAD, INPUT_HEAD, INPUT = "#E4E7EB", "#F3E3AE", "#FFFBEA"

#: Stands for the date format of the reader's language.
DATE = "date"

_TEXT: Look = {"text_wrap": True, "valign": "top", "quote_prefix": True}  # edited text that begins with = stays text
_SPACED: Look = {**_TEXT, "align": "left", "indent": 1}  # else a full line runs into the text of the next column
_BODY: Look = {**_SPACED, "bottom": 1, "bottom_color": LINE, "right": 1, "right_color": LINE}
_HEAD: Look = {**_SPACED, "bold": True, "bg_color": HEAD, "border": 1, "border_color": LINE}
_INPUT: Look = {**_SPACED, "bg_color": INPUT, "border": 1, "border_color": LINE, "locked": False}
_CELL: Look = {"text_wrap": True, "valign": "top"}

LOOKS: dict[str, Look] = {
    "text": _BODY,
    "grey": {**_BODY, "font_color": GREY, "font_size": 9},
    "ids": {**_BODY, "font_color": GREY, "font_size": 8, "text_wrap": False},
    "number": {**_BODY, "num_format": "0", "align": "center", "indent": 0, "quote_prefix": False},
    "day": {**_BODY, "num_format": DATE, "quote_prefix": False},
    "critical": {**_BODY, "bold": True, "font_color": "#8A1C1C", "bg_color": "#F9E1E0"},
    "warning": {**_BODY, "font_color": "#7A4B00", "bg_color": "#FBEFD5"},
    "info": {**_BODY, "font_color": GREY},
    "head": _HEAD,
    "head_center": {**_HEAD, "align": "center", "indent": 0},
    "input_head": {**_HEAD, "bg_color": INPUT_HEAD},
    "input": _INPUT,
    "input_date": {**_INPUT, "num_format": DATE, "quote_prefix": False},
    "plain": _TEXT,
    "title": {**_TEXT, "bold": True, "font_size": 18, "text_wrap": False},
    "subtitle": {**_TEXT, "font_size": 13, "font_color": GREY, "text_wrap": False},
    "section": {**_TEXT, "bold": True, "font_size": 12, "bottom": 2, "bottom_color": GREY, "text_wrap": False},
    "label": {**_TEXT, "font_color": GREY},
    "bold": {**_TEXT, "bold": True},
    "verdict": {**_SPACED, "bold": True, "font_size": 12, "border": 1, "border_color": GREY, "bg_color": "#F5F7FA"},
    "total": {**_HEAD, "num_format": "0", "align": "center", "indent": 0, "quote_prefix": False},
    "cell": {**_CELL, "num_format": "@"},
    "cell_date": {**_CELL, "num_format": DATE, "align": "left"},
    "cell_number": {**_CELL, "num_format": "0", "align": "left"},
    "asked": {**_CELL, "num_format": "@", "bg_color": INPUT, "border": 1, "border_color": LINE},
    "asked_date": {**_CELL, "num_format": DATE, "align": "left", "bg_color": INPUT, "border": 1, "border_color": LINE},
    "asked_number": {**_CELL, "num_format": "0", "align": "left", "bg_color": INPUT, "border": 1, "border_color": LINE},
    "required": {**_HEAD, "bg_color": "#CFD8E3"},
}
