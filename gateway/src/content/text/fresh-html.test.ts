/** What the markup of each mail program says is quoted, and where it says nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshRanges } from './fresh-text.ts';
import { readHtml } from './html-text.ts';

/** The fresh ranges as words; a gap between them is `⋯`. Null when all is shown. */
function htmlView(html: string): string | null {
  const { text, quotes } = readHtml(html);
  const ranges = freshRanges(text, quotes);
  return ranges?.map(({ from, to }) => text.slice(from, to)).join('\n⋯\n') ?? null;
}

const SAID = '<p>Bonjour,</p><p>L&#39;INR est &agrave; 6,8.</p>';
const MARKED: readonly (readonly [string, string])[] = [
  [
    'Outlook',
    `<div><p class=MsoNormal>Oui, suspendre.</p><div style='border:none;border-top:solid #E1E1E1 1.0pt'><p class=MsoNormal><b>De&nbsp;:</b> X &lt;x@y.example&gt; <br><b>Envoy&eacute;&nbsp;:</b> lundi 5 janvier 2026 10:02<br><b>&Agrave;&nbsp;:</b> Y<br><b>Objet&nbsp;:</b> INR</p></div>${SAID}</div>`,
  ],
  [
    'Outlook on the web',
    `<div>Oui, suspendre.</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg" dir="ltr"><font><b>Van:</b> X<br><b>Verzonden:</b> maandag</font></div><div>${SAID}</div>`,
  ],
  [
    'Gmail',
    `<div dir="ltr">Oui, suspendre.</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">Le lun. 5 janv. 2026 à 10:02, X &lt;<a href="mailto:x@y.example">x@y.example</a>&gt; a écrit :<br></div><blockquote class="gmail_quote" style="margin:0">${SAID}</blockquote></div>`,
  ],
  [
    'Apple Mail',
    `<html><body>Oui, suspendre.<div><br><blockquote type="cite"><div>Le 3 janv. 2026 à 10:02, X &lt;x@y.example&gt; a écrit :</div><br><div>${SAID}</div></blockquote></div></body></html>`,
  ],
  [
    'Thunderbird',
    `<p>Oui, suspendre.</p><div class="moz-cite-prefix">Le 03/01/2026 à 10:02, X a écrit&nbsp;:<br></div><blockquote type="cite" cite="mid:a@b">${SAID}</blockquote>`,
  ],
  [
    'Thunderbird, the answer below',
    `<div class="moz-cite-prefix">Le 03/01/2026 à 10:02, X a écrit&nbsp;:<br></div><blockquote type="cite">${SAID}<blockquote type="cite">${SAID}</blockquote></blockquote><p>Oui, suspendre.</p>`,
  ],
  [
    'Yahoo',
    `<div>Oui, suspendre.</div><div id="yahoo_quoted_123" class="yahoo_quoted"><div>Le lundi 5 janvier 2026 à 10:02, X &lt;x@y.example&gt; a écrit :</div><div>${SAID}</div></div>`,
  ],
  [
    'Zimbra',
    `<div>Oui, suspendre.</div><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>De: </b>"X" &lt;x@y.example&gt;<br><b>&Agrave;: </b>Y<br><b>Envoy&eacute;: </b>Lundi 5 Janvier 2026 10:02:03<br><b>Objet: </b>INR</div><div data-marker="__QUOTED_TEXT__">${SAID}</div>`,
  ],
  [
    'a webmail that only indents, under an attribution',
    `<div>Oui, suspendre.</div><div>Le 05/01/2026 10:02, X a écrit :</div><blockquote style="border-left:1px solid">${SAID}</blockquote>`,
  ],
];
for (const [program, html] of MARKED)
  test(`${program}, HTML: the markup says what is quoted`, () => assert.equal(htmlView(html), 'Oui, suspendre.'));

test('HTML: answers inside the quote of Gmail stay, an indented paragraph of the writer too, a forward is shown whole', () => {
  const between = `<div>Mes réponses.</div><div class="gmail_quote"><div class="gmail_attr">Le lun. 5 janv. 2026 à 10:02, X &lt;x@y.example&gt; a écrit :</div><blockquote class="gmail_quote"><p>Suspendre ?</p></blockquote><div>Oui.</div><blockquote class="gmail_quote"><p>Contrôler ?</p></blockquote><div>Jeudi.</div></div>`;
  assert.equal(htmlView(between), 'Mes réponses.\n⋯\nSuspendre ?\n\nOui.\n\nContrôler ?\n\nJeudi.');
  assert.equal(htmlView('<p>Au total</p><blockquote><p>suspendre 48 heures</p></blockquote>'), null);
  const forward = `<div>A voir.</div><div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>De : X &lt;x@y.example&gt;<br>Date: lun. 5 janv. 2026<br>Subject: INR</div>${SAID}</div>`;
  assert.equal(htmlView(forward), null);
  assert.equal(
    htmlView(`<p>A voir.</p><blockquote type="cite"><div>Début du message transféré :</div>${SAID}</blockquote>`),
    null,
  );
});
