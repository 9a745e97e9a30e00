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

  const rows = () => all('main tbody tr').filter((r) => $('th a', r));
  const step = (by) => {
    const list = rows(), at = list.findIndex((r) => r.contains(document.activeElement));
    $('a', list[Math.max(0, Math.min(at + by, list.length - 1))])?.focus();
  };
  const acts = {
    theme() { root.dataset.theme = isDark() ? 'light' : 'dark'; remember('theme', root.dataset.theme); },
    keys() { help.showModal(); },
    close(b) { b.closest('dialog').close(); },
    copy(b) { navigator.clipboard?.writeText(b.dataset.text); say(b.dataset.said); },
    print() { print(); },
    next() { step(1); },
    previous() { step(-1); },
    press(b) { $(b.dataset.at)?.click(); },
    find() { $('input[type=search]')?.focus(); },
  };
  // A page's own script, loaded before this one, adds its acts and overrides those of lists.
  Object.assign(acts, window.classroomActs?.({ $, all, say, toast, isNarrow }));
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
