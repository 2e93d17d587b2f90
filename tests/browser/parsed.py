"""What became of data on a page, as the browser's own parser sees it."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

_LOOK = r"""
(html) => {
  const page = html === null ? document : new DOMParser().parseFromString(html, 'text/html');
  const MARK = /zq\d{3}/g, found = [], marks = new Set();
  const tell = (what, element) => found.push(what + ': ' + element.outerHTML.slice(0, 200));
  const plain = new Set(['value', 'title', 'href', 'alt', 'aria-label', 'datetime', 'placeholder',
                         'content', 'id', 'name', 'for', 'label']);
  const OURS = /^\/(users\/static|transactions\/static|admin\/jsi18n)\//;
  const leads = /^\s*(javascript|vbscript|data):/i;
  for (const element of page.querySelectorAll('*')) {
    const name = element.localName;
    if (/zq\d{3}/.test(name)) tell('an element from data', element);
    if (['iframe', 'object', 'embed', 'base', 'frame'].includes(name)) tell(name, element);
    if (name === 'meta' && element.httpEquiv) tell('meta http-equiv', element);
    if (name === 'script') {
      const source = element.getAttribute('src');
      if (source === null ? element.type !== 'application/json' : !OURS.test(source))
        tell('a script', element);
    }
    for (const {name: attribute, value} of element.attributes) {
      if (/zq\d{3}/.test(attribute)) tell('an attribute from data', element);
      if (/^on/i.test(attribute)) tell('an event handler', element);
      if (leads.test(value) && !(name === 'img' && value.startsWith('data:image/')))
        if (['href', 'src', 'action', 'formaction', 'data', 'xlink:href'].includes(attribute))
          tell('an address that is a program', element);
      if (!/zq\d{3}/.test(value)) continue;
      (value.match(MARK) || []).forEach((mark) => marks.add(mark));
      if (attribute === 'href' && !value.startsWith('/') && !value.startsWith('?'))
        tell('an address from data', element);
      if (!plain.has(attribute) && !attribute.startsWith('data-'))
        tell('data in the attribute ' + attribute, element);
    }
  }
  const text = page.documentElement.textContent;
  (text.match(MARK) || []).forEach((mark) => marks.add(mark));
  return {found, marks: [...marks]};
}
"""


@dataclass(frozen=True)
class Seen:
    """`wrong` is what data became that it must not; `marks` are the payloads that it showed."""

    wrong: list[str]
    marks: set[str]


def look(page: Page, html: str | None = None) -> Seen:
    """Look at a document, or at the page itself as its scripts have left it."""
    seen: dict[str, Any] = page.evaluate(_LOOK, html)
    return Seen(seen["found"], set(seen["marks"]))
