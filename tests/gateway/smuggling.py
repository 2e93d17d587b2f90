"""
Requests that a careless pair of servers would read as two (A10).

`{id}` stands for the id of the test and `{hidden}` for a whole request to a path that is not
public; whatever the gateway makes of the bytes around it, that request must not arrive.
"""

HIDDEN = (
    "GET /api/v1/accounts?smuggled={id} HTTP/1.1\r\nHost: api.example\r\nX-Test-Id: {id}\r\n"
    "Connection: close\r\n\r\n"
)

_START = "POST /api/v1/auth/login HTTP/1.1\r\nHost: api.example\r\nX-Test-Id: {id}\r\n"
_CHUNKED_END = "0\r\n\r\n"


def _with(headers: str, body: str) -> str:
    return f"{_START}{headers}\r\n{body}"


CASES: dict[str, str] = {
    # Two lengths.
    "length and chunked": _with(
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", _CHUNKED_END + "{hidden}"
    ),
    "chunked and length": _with(
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", _CHUNKED_END + "{hidden}"
    ),
    "two lengths": _with("Content-Length: 2\r\nContent-Length: 0\r\n", "{{}}{hidden}"),
    "two lengths in one": _with("Content-Length: 2, 0\r\n", "{{}}{hidden}"),
    "length twice": _with("Content-Length: 2\r\nContent-Length: 2\r\n", "{{}}{hidden}"),
    # Lengths that are not numbers.
    "length with a plus": _with("Content-Length: +2\r\n", "{{}}{hidden}"),
    "length negative": _with("Content-Length: -2\r\n", "{{}}{hidden}"),
    "length in hexadecimal": _with("Content-Length: 0x2\r\n", "{{}}{hidden}"),
    "length with an exponent": _with("Content-Length: 2e0\r\n", "{{}}{hidden}"),
    "length with a fraction": _with("Content-Length: 2.0\r\n", "{{}}{hidden}"),
    "length with an underscore": _with("Content-Length: 0_2\r\n", "{{}}{hidden}"),
    "length too large": _with("Content-Length: 18446744073709551618\r\n", "{{}}{hidden}"),
    "length empty": _with("Content-Length:\r\n", "{{}}{hidden}"),
    "length of words": _with("Content-Length: two\r\n", "{{}}{hidden}"),
    "length and a NUL": _with("Content-Length: 2\0\r\n", "{{}}{hidden}"),
    "length after a NUL": _with("Content-Length: \0002\r\n", "{{}}{hidden}"),
    # Transfer codings that one side knows and the other does not.
    "chunked, identity": _with(
        "Transfer-Encoding: chunked, identity\r\n", _CHUNKED_END + "{hidden}"
    ),
    "identity, chunked": _with(
        "Transfer-Encoding: identity, chunked\r\n", _CHUNKED_END + "{hidden}"
    ),
    "gzip, chunked": _with("Transfer-Encoding: gzip, chunked\r\n", _CHUNKED_END + "{hidden}"),
    "chunked twice": _with("Transfer-Encoding: chunked, chunked\r\n", _CHUNKED_END + "{hidden}"),
    "chunked in two headers": _with(
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", _CHUNKED_END + "{hidden}"
    ),
    "identity": _with("Transfer-Encoding: identity\r\nContent-Length: 2\r\n", "{{}}{hidden}"),
    "coding unknown": _with("Transfer-Encoding: xchunked\r\n", _CHUNKED_END + "{hidden}"),
    "coding quoted": _with('Transfer-Encoding: "chunked"\r\n', _CHUNKED_END + "{hidden}"),
    "coding with a parameter": _with("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n{hidden}"),
    "coding empty": _with("Transfer-Encoding:\r\nContent-Length: 2\r\n", "{{}}{hidden}"),
    "vertical tab after": _with("Transfer-Encoding: chunked\x0b\r\n", _CHUNKED_END + "{hidden}"),
    "vertical tab before": _with("Transfer-Encoding: \x0bchunked\r\n", _CHUNKED_END + "{hidden}"),
    "form feed after": _with("Transfer-Encoding: chunked\x0c\r\n", _CHUNKED_END + "{hidden}"),
    "NUL after": _with("Transfer-Encoding: chunked\0\r\n", _CHUNKED_END + "{hidden}"),
    "no-break space after": _with("Transfer-Encoding: chunked\xa0\r\n", _CHUNKED_END + "{hidden}"),
    "carriage return after": _with("Transfer-Encoding: chunked\r\r\n", _CHUNKED_END + "{hidden}"),
    "space before the colon": _with("Transfer-Encoding : chunked\r\n", _CHUNKED_END + "{hidden}"),
    "tab before the colon": _with("Transfer-Encoding\t: chunked\r\n", _CHUNKED_END + "{hidden}"),
    "name with a space": _with("Transfer Encoding: chunked\r\n", _CHUNKED_END + "{hidden}"),
    "name with an underscore": _with("Transfer_Encoding: chunked\r\n", _CHUNKED_END + "{hidden}"),
    "length with an underscore in its name": _with("Content_Length: 2\r\n", "{{}}{hidden}"),
    "folded coding": _with("Transfer-Encoding:\r\n chunked\r\n", _CHUNKED_END + "{hidden}"),
    "folded into the header before": _with(
        "X-A: b\r\n Transfer-Encoding: chunked\r\n", _CHUNKED_END + "{hidden}"
    ),
    # Chunks.
    "chunk size in hexadecimal notation": _with(
        "Transfer-Encoding: chunked\r\n", "0x2\r\n{{}}\r\n" + _CHUNKED_END + "{hidden}"
    ),
    "chunk size negative": _with("Transfer-Encoding: chunked\r\n", "-1\r\n{hidden}"),
    "chunk size too large": _with(
        "Transfer-Encoding: chunked\r\n", "10000000000000002\r\n{{}}\r\n0\r\n\r\n{hidden}"
    ),
    "chunk size with an underscore": _with(
        "Transfer-Encoding: chunked\r\n", "0_2\r\n{{}}\r\n0\r\n\r\n{hidden}"
    ),
    "chunk size empty": _with("Transfer-Encoding: chunked\r\n", "\r\n\r\n{hidden}"),
    "chunk longer than it says": _with(
        "Transfer-Encoding: chunked\r\n", "1\r\n{{}}\r\n0\r\n\r\n{hidden}"
    ),
    "chunk extension with a line break": _with(
        "Transfer-Encoding: chunked\r\n", "2;a=\nb\r\n{{}}\r\n0\r\n\r\n{hidden}"
    ),
    "chunk lines that end in LF": _with("Transfer-Encoding: chunked\r\n", "2\n{{}}\n0\n\n{hidden}"),
    "chunk lines that end in CR": _with("Transfer-Encoding: chunked\r\n", "2\r{{}}\r0\r\r{hidden}"),
    "request hidden in the trailers": _with(
        "Transfer-Encoding: chunked\r\n", "0\r\nX-A: b\r\n{hidden}"
    ),
    "length in the trailers": _with(
        "Transfer-Encoding: chunked\r\n", "0\r\nContent-Length: 100\r\n\r\n{hidden}"
    ),
    # Line ends and names.
    "lines that end in LF": (
        "POST /api/v1/auth/login HTTP/1.1\nHost: api.example\nX-Test-Id: {id}\n"
        "Content-Length: 2\n\n{{}}{hidden}"
    ),
    "header that hides a line": _with("X-A: b\nContent-Length: 2\r\n", "{{}}{hidden}"),
    "header that hides a line behind CR": _with("X-A: b\rContent-Length: 2\r\n", "{{}}{hidden}"),
    "header without a name": _with(": b\r\nContent-Length: 2\r\n", "{{}}{hidden}"),
    "header without a colon": _with("X-A\r\nContent-Length: 2\r\n", "{{}}{hidden}"),
    "header name with NUL": _with("X-\0A: b\r\nContent-Length: 2\r\n", "{{}}{hidden}"),
    "first header begins with a space": (
        "POST /api/v1/auth/login HTTP/1.1\r\n X-A: b\r\nHost: api.example\r\n"
        "Content-Length: 2\r\n\r\n{{}}{hidden}"
    ),
    "two hosts": _with("Host: other.example\r\nContent-Length: 2\r\n", "{{}}{hidden}"),
    "no host": (
        "POST /api/v1/auth/login HTTP/1.1\r\nX-Test-Id: {id}\r\nContent-Length: 2\r\n\r\n"
        "{{}}{hidden}"
    ),
    # The request line.
    "version unknown": (
        "POST /api/v1/auth/login HTTP/1.2\r\nHost: api.example\r\nContent-Length: 2\r\n\r\n"
        "{{}}{hidden}"
    ),
    "version 0.9": "GET /api/v1/auth/session\r\n{hidden}",
    "version 1.0": (
        "POST /api/v1/auth/login HTTP/1.0\r\nX-Test-Id: {id}\r\nContent-Length: 2\r\n\r\n"
        "{{}}{hidden}"
    ),
    "request in the path": "GET /api/v1/auth/session?a= HTTP/1.1\r\nHost: a HTTP/1.1\r\n{hidden}",
    "path with CR": "GET /api/v1/auth/session\rX-A: b HTTP/1.1\r\nHost: a\r\n\r\n{hidden}",
    "upgrade": _with(
        "Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n", "{{}}{hidden}"
    ),
}
