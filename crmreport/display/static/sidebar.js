// Complete the sidebar with what all pages share: the other periods, and the pages that hold for all.
"use strict";

(() => {
  const SHOWN = 12; // periods, before the earlier ones are folded away
  const place = document.getElementById("crm-others");
  const root = document.documentElement.dataset.content_root;
  const here = place.dataset.page;
  const own = place.dataset.period;

  function make(name, classes, ...content) {
    const element = document.createElement(name);
    element.className = classes;
    element.append(...content);
    return element;
  }

  function link(page, title) {
    const anchor = make("a", "reference internal", title);
    anchor.href = `${root}${page.split("/").map(encodeURIComponent).join("/")}.html`;
    if (page === here) {
      anchor.classList.add("current");
      anchor.setAttribute("aria-current", "page");
    }
    return anchor;
  }

  function item(page, title, below = []) {
    const isOpen = page === here || below.some(([name]) => name === here);
    const entry = make("li", `toctree-l1${isOpen ? " current active" : ""}`, link(page, title));
    if (below.length) {
      entry.classList.add("has-children");
      const list = make("ul", "", ...below.map(([name, text]) => {
        const line = make("li", `toctree-l2${name === here ? " current active" : ""}`, link(name, text));
        return line;
      }));
      entry.append(folded(list, isOpen));
    }
    return entry;
  }

  function folded(list, isOpen) {
    const arrow = make("span", "toctree-toggle", make("i", "fa-solid fa-chevron-down"));
    arrow.setAttribute("role", "presentation");
    const details = make("details", "", make("summary", "", arrow), list);
    details.open = isOpen;
    return details;
  }

  function caption(text) {
    const heading = make("p", "caption", make("span", "caption-text", text));
    heading.setAttribute("role", "heading");
    heading.setAttribute("aria-level", "2");
    return heading;
  }

  // The same page of another period if it has one, or else its first.
  function ofPeriod([name, title, number]) {
    const pages = CRM_CONTENTS.pages[number];
    const same = own ? here.slice(own.length + 1) : "";
    return item(`${name}/${pages.includes(same) ? same : pages[0]}`, title);
  }

  const others = CRM_CONTENTS.periods.filter(([name]) => name !== own);
  if (others.length) {
    const list = make("ul", "nav bd-sidenav", ...others.slice(0, SHOWN).map(ofPeriod));
    if (others.length > SHOWN) {
      const earlier = make("ul", "nav bd-sidenav", ...others.slice(SHOWN).map(ofPeriod));
      const summary = make("summary", "", CRM_CONTENTS.words.earlier);
      list.append(make("li", "toctree-l1", make("details", "crm-earlier", summary, earlier)));
    }
    place.append(caption(own ? CRM_CONTENTS.words.others : CRM_CONTENTS.words.all), list);
  }
  if (CRM_CONTENTS.lasting.length) {
    const list = make("ul", "nav bd-sidenav", ...CRM_CONTENTS.lasting.map((entry) => item(...entry)));
    place.append(caption(CRM_CONTENTS.words.lasting), list);
  }
})();
