// What the pages do beside htmx. Every action here has a plain link or form that works without it.
(() => {
  const $ = (s, e = document) => e.querySelector(s);
  const all = (s, e = document) => [...e.querySelectorAll(s)];
  const root = document.documentElement;
  const remember = (name, value) => { document.cookie = `${name}=${value};path=${document.body.dataset.cookiePath};max-age=31536000;samesite=lax`; };
  const recall = (name) => (document.cookie.match(new RegExp(`(?:^|; )${name}=([^;]*)`)) || [])[1];
  const isDark = () => (root.dataset.theme || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
  const isNarrow = () => matchMedia('(max-width: 900px)').matches;
  const help = $('#keys');
  const toast = $('.toast');
  let hiding;

  const say = (text, canUndo) => {
    $('span', toast).textContent = text;
    $('button', toast).hidden = !canUndo;
    toast.hidden = false;
    clearTimeout(hiding);
    hiding = setTimeout(() => { if (!toast.matches(':hover, :focus-within')) toast.hidden = true; }, 8000);
  };

  // Rubric: one open criterion at a time, the total counted as the server counts it.
  const form = $('#marking');
  const crits = form ? all('.crit[data-weight]', form) : [];
  let last = null;
  let dirty = false;
  const open = (i) => {
    if (!crits[i] || isNarrow()) return;
    crits.forEach((c, n) => { c.classList.toggle('on', n === i); $('.body', c).hidden = n !== i; $('.h button', c).setAttribute('aria-expanded', n === i); });
    crits[i].scrollIntoView({ block: 'nearest' });
  };
  const here = () => crits.findIndex((c) => c.classList.contains('on'));
  const shown = (hundredths) => (hundredths / 100).toFixed(hundredths % 10 ? 2 : 1);
  const count = () => {
    let sum = 0, set = 0;
    crits.forEach((c) => {
      const chosen = $('input[type=radio]:checked', c);
      all('.seg span', c).forEach((s) => s.classList.toggle('sel', !!chosen && s.textContent === chosen.value));
      if (chosen) { sum += Math.floor(c.dataset.weight * chosen.value / 4 + 0.5); set += 1; }
    });
    const cap = Math.min(Infinity, ...all('input[data-cap]:checked', form).map((g) => +g.dataset.cap));
    $('#total').textContent = shown(Math.min(sum, cap));
    $('#capped').hidden = cap >= sum;
    $('#set').textContent = set;
    const done = $('#done'), left = set < crits.length;
    done.setAttribute('aria-disabled', left);
    $('#left').hidden = !left;
  };
  const choose = (i, level) => {
    const now = $(`input[type=radio][value="${level}"]`, crits[i]);
    last = { was: $('input[type=radio]:checked', crits[i]), now, i };
    now.checked = true;
    dirty = true;
    count();
    say(`${$('.name', crits[i]).textContent}: ${level}`, true);
    open(Math.min(i + 1, crits.length - 1));
  };
  const undo = () => {
    if (!last) return;
    if (last.was) last.was.checked = true; else last.now.checked = false;
    open(last.i);
    last = null;
    count();
    toast.hidden = true;
  };
  if (form) {
    const first = crits.findIndex((c) => !$('input[type=radio]:checked', c));
    if (isNarrow()) crits.forEach((c) => { $('.body', c).hidden = false; }); else open(Math.max(first, 0));
    count();
    crits.forEach((c, i) => $('.h', c).addEventListener('click', () => open(i)));
    form.addEventListener('change', () => { dirty = true; count(); });
    form.addEventListener('input', () => { dirty = true; });
    form.addEventListener('submit', (e) => {
      const missing = crits.findIndex((c) => !$('input[type=radio]:checked', c));
      if (e.submitter?.id === 'done' && missing >= 0) { e.preventDefault(); open(missing); $('input', crits[missing]).focus(); return; }
      dirty = false;
    });
    addEventListener('beforeunload', (e) => { if (dirty) e.preventDefault(); });
  }

  const rows = () => all('main tbody tr').filter((r) => $('th a', r));
  const step = (by) => {
    if (crits.length) { open(Math.max(0, Math.min(here() + by, crits.length - 1))); return; }
    const list = rows(), at = list.findIndex((r) => r.contains(document.activeElement));
    $('a', list[Math.max(0, Math.min(at + by, list.length - 1))])?.focus();
  };
  const acts = {
    theme() { root.dataset.theme = isDark() ? 'light' : 'dark'; remember('theme', root.dataset.theme); },
    keys() { help.showModal(); },
    close(b) { b.closest('dialog').close(); },
    copy(b) { navigator.clipboard?.writeText(b.dataset.text); say(b.dataset.said); },
    print() { print(); },
    undo,
    level(_, key) { if (here() >= 0) choose(here(), key); },
    next() { step(1); },
    previous() { step(-1); },
    comment() { const i = here(); if (i >= 0) $('textarea', crits[i]).focus(); },
    press(b) { $(b.dataset.at)?.click(); },
    find() { $('input[type=search]')?.focus(); },
  };
  document.addEventListener('click', (e) => {
    const b = e.target.closest('[data-do]');
    if (b) acts[b.dataset.do]?.(b);
  });

  // Keys are bound from the list that the ? dialog shows, so that it cannot lie.
  const keys = new Map(all('[data-key]', help).flatMap((r) => r.dataset.key.split(' ').map((k) => [k, r])));
  const single = $('#single-keys');
  single.checked = recall('single-keys') !== 'off';
  single.addEventListener('change', () => remember('single-keys', single.checked ? 'on' : 'off'));
  const isTyping = (t) => t.matches('input:not([type=radio]):not([type=checkbox]), textarea, select');
  document.addEventListener('keydown', (e) => {
    if (e.ctrlKey && e.key === 'Enter' && $('#done')) { e.preventDefault(); $('#done').click(); return; }
    if (e.ctrlKey || e.metaKey || e.altKey || help.open) return;
    if (e.key === 'Escape' && isTyping(e.target)) { e.target.blur(); return; }
    if (isTyping(e.target) || !(single.checked || e.key === '?')) return;
    if (e.key === 'Enter' && e.target.closest('a, button, input, summary')) return;
    const row = keys.get(e.key);
    if (row) { e.preventDefault(); acts[row.dataset.act]?.(row, e.key); }
  });

  // Nothing is asked for while nobody looks, and a server that does not answer is said once, on top.
  document.addEventListener('htmx:beforeRequest', (e) => { if (document.hidden && e.detail.requestConfig.verb === 'get') e.preventDefault(); });
  const offline = (on) => { $('#offline').hidden = !on; };
  ['htmx:sendError', 'htmx:timeout'].forEach((name) => document.addEventListener(name, () => offline(true)));
  document.addEventListener('htmx:afterOnLoad', () => offline(false));
})();
