"""HTTP's words for ClickHouse's: status of an error code, content type of a format, as a ClickHouse server has them."""

_STATUS_CODES = {
    400: (6, 15, 25, 26, 27, 38, 41, 42, 43, 44, 53, 62, 67, 69, 70, 72, 117, 130, 131, 167, 168, 306, 321, 376, 456, 457),
    403: (164, 192, 193, 194, 291, 452, 492, 497, 516),
    404: (46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 336),
    408: (159,),
    413: (191,),
    501: (48,),
    503: (202, 439),
    507: (243,),
}
_STATUS = {code: status for status, codes in _STATUS_CODES.items() for code in codes}

_CONTENT_TYPES = {
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
    "TSV": "text/tab-separated-values; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8; header=absent",
    "CSVWithNames": "text/csv; charset=UTF-8; header=present",
    "JSON": "application/json; charset=UTF-8",
    "XML": "application/xml; charset=UTF-8",
    "Markdown": "text/markdown; charset=UTF-8",
}
_BINARY = ("Native", "RowBinary", "Parquet", "Arrow", "ORC", "Avro", "MsgPack", "BSON", "Protobuf", "CapnProto", "Npy", "Null")


def status_of(code: int) -> int:
    """500 for what is the engine's own trouble."""
    return _STATUS.get(code, 500)


def content_type_of(output: str) -> str:
    if output in _CONTENT_TYPES:
        return _CONTENT_TYPES[output]
    if output.startswith(("JSONEachRow", "JSONCompactEachRow", "JSONStringsEachRow")):
        return "application/x-ndjson; charset=UTF-8"
    if output.startswith(("JSON", "PrettyJSON")):
        return "application/json; charset=UTF-8"
    if output.startswith("TabSeparated"):
        return "text/tab-separated-values; charset=UTF-8"
    return "application/octet-stream" if output.startswith(_BINARY) else "text/plain; charset=UTF-8"
