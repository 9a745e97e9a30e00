// The grading desk: one open criterion at a time, keys for levels and comments, every change saved as a draft.
window.classroomActs = ({ $, all, say, toast, isNarrow }) => {
  const form = $('#marking');
  const crits = all('.crit[data-weight]', form);
  const SAVE_MS = 800, RENEW_MS = 5 * 60 * 1000;

  const open = (i) => {
    if (!crits[i] || isNarrow()) return;
    crits.forEach((c, n) => { c.classList.toggle('on', n === i); $('.body', c).hidden = n !== i; $('.h button', c).setAttribute('aria-expanded', n === i); });
    crits[i].scrollIntoView({ block: 'nearest' });
  };
  const here = () => crits.findIndex((c) => c.classList.contains('on'));
  const shown = (hundredths) => (hundredths / 100).toFixed(hundredths % 10 ? 2 : 1);
  const chosen = (c) => $('input[type=radio]:checked', c);

  // The total, counted as the server counts it.
  const count = () => {
    let sum = 0, set = 0;
    crits.forEach((c) => {
      const level = chosen(c);
      all('.seg span', c).forEach((s) => s.classList.toggle('sel', !!level && s.textContent === level.value));
      if (level) { sum += Math.floor(c.dataset.weight * level.value / 4 + 0.5); set += 1; }
    });
    $('#done').setAttribute('aria-disabled', set < crits.length);
    $('#left').hidden = set === crits.length;
    if (!$('#total')) return; // one criterion of several
    const cap = Math.min(Infinity, ...all('input[data-cap]:checked', form).map((g) => +g.dataset.cap));
    $('#total').textContent = shown(Math.min(sum, cap));
    $('#capped').hidden = cap >= sum;
    $('#set').textContent = set;
  };

  // Drafts. One request at a time; the newest state goes last. What the server did not take stays marked as unsaved.
  let timer, sending = null, unsaved = false, again = false;
  const lost = (holder) => {
    $('#lost span').textContent = `${holder} took this piece over, since it was left alone for 30 minutes. Your draft is kept; Done compares the two.`;
    $('#lost').hidden = false;
  };
  const save = async () => {
    clearTimeout(timer);
    if (!form.dataset.draft) return;
    if (sending) { again = true; return; }
    sending = new AbortController();
    try {
      const answer = await fetch(form.dataset.draft, { method: 'POST', body: new FormData(form), signal: sending.signal, keepalive: true });
      const isOurs = answer.ok || answer.status === 409;
      const told = isOurs ? await answer.json() : null;
      if (told) { unsaved = again; $('#saved').textContent = `draft saved ${told.saved}`; }
      else $('#saved').textContent = 'not saved: the classroom refused it; load the page again';
      if (answer.status === 409) lost(told.holder);
    } catch (error) {
      if (error.name !== 'AbortError') { $('#saved').textContent = 'not saved yet: no answer'; timer = setTimeout(save, 5000); }
    } finally {
      sending = null;
      if (again) { again = false; save(); }
    }
  };
  const changed = () => { unsaved = true; count(); remember(); clearTimeout(timer); timer = setTimeout(save, SAVE_MS); };

  // Undo goes back through every state of this visit.
  const fields = () => all('input[type=radio], input[type=checkbox], textarea', form);
  const state = () => fields().map((f) => (f.type === 'textarea' ? f.value : f.checked));
  const states = [state()];
  const remember = () => { const now = state(); if (JSON.stringify(now) !== JSON.stringify(states.at(-1))) states.push(now); };
  const undo = () => {
    if (states.length < 2) return;
    const now = states.pop(), before = states.at(-1), all_ = fields();
    const at = before.findIndex((value, n) => value !== now[n]);
    all_.forEach((f, n) => { if (f.type === 'textarea') f.value = before[n]; else f.checked = before[n]; });
    open(crits.findIndex((c) => c.contains(all_[at])));
    toast.hidden = true;
    changed();
  };
  const choose = (i, level) => {
    $(`input[type=radio][value="${level}"]`, crits[i]).checked = true;
    say(`${$('.name', crits[i]).textContent}: level ${level}`, true);
    open(Math.min(i + 1, crits.length - 1));
    changed();
  };
  const insert = (button) => {
    const text = $('textarea', button.closest('.crit'));
    text.value = [text.value.trim(), button.dataset.text].filter(Boolean).join('\n');
    changed();
  };

  let picks = false; // after s, a digit picks a comment
  const first = crits.findIndex((c) => !chosen(c));
  if (isNarrow()) crits.forEach((c) => { $('.body', c).hidden = false; }); else open(Math.max(first, 0));
  count();
  crits.forEach((c, i) => $('.h', c).addEventListener('click', () => open(i)));
  form.addEventListener('change', changed);
  form.addEventListener('input', (e) => { if (e.target.matches('textarea')) { unsaved = true; clearTimeout(timer); timer = setTimeout(() => { remember(); save(); }, SAVE_MS); } });
  form.addEventListener('submit', (e) => {
    const missing = crits.findIndex((c) => !chosen(c));
    if (missing >= 0) { e.preventDefault(); open(missing); $('input', crits[missing]).focus(); return; }
    clearTimeout(timer);
    again = unsaved = false;
    sending?.abort();
  });
  addEventListener('beforeunload', (e) => { if (unsaved) { save(); e.preventDefault(); } });
  if (form.dataset.draft) setInterval(() => { if (!document.hidden && states.length > 1) save(); }, RENEW_MS);

  const move = (by) => open(Math.max(0, Math.min(here() + by, crits.length - 1)));
  return {
    undo,
    insert,
    level(_, key) {
      if (picks) { picks = false; const button = all('.snip', crits[here()])[key - 1]; if (button) insert(button); return; }
      if (here() >= 0 && key <= 4) choose(here(), key);
    },
    snippet() { picks = !!$('.snip', crits[here()]); if (picks) say('Comment 1 to 9?'); },
    next() { picks = false; move(1); },
    previous() { picks = false; move(-1); },
    comment() { picks = false; $('textarea', crits[here()])?.focus(); },
  };
};
