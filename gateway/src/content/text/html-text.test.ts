/** What a reader would see of an HTML letter, and where its links lead. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { htmlToText } from './html-text.ts';

test('paragraphs, lists and tables become lines', () => {
  const html =
    '<html><head><title>x</title><style>p{color:red}</style></head><body><p>Cher   Confr&egrave;re,</p>\r\n' +
    '<div>Merci<br>de revoir</div><ul><li>l&#39;INR</li><li>la kali&#xE9;mie</li></ul>' +
    '<table><tr><td>INR</td><td>6,8</td></tr><tr><td>TP</td><td>9&nbsp;%</td></tr></table><script>alert(1)</script></body></html>';
  assert.equal(htmlToText(html), "Cher Confrère,\n\nMerci\nde revoir\n\n- l'INR\n- la kaliémie\n\nINR 6,8\nTP 9 %");
});

test('of a form, a frame or a player only the words stay, each apart', () => {
  const html =
    '<form action="https://piege.example/"><input value="1234"><select><option>A</option><option>B</option></select>' +
    '<textarea>vu</textarea><button>Envoyer</button></form><iframe src=x>cadre</iframe><object data=x>objet</object>fin';
  assert.equal(htmlToText(html), 'A\nB\nvu\nEnvoyer\nobjet\nfin');
  assert.equal(htmlToText('<p style="display:none">INR 6,8</p><font color=white>urgent</font>'), 'INR 6,8\n\nurgent');
});

test('a link is shown in full beside its words, and once when they say it already', () => {
  assert.equal(
    htmlToText('<a href="https://piege.example/?a=1&amp;b=2">votre <b>banque</b></a>, puis'),
    'votre banque (https://piege.example/?a=1&b=2), puis',
  );
  assert.equal(htmlToText('<a href=https://a.example/>https://a.example/</a>'), 'https://a.example/');
  assert.equal(htmlToText("<a href='mailto:c@b.example'>c@b.example</a>"), 'c@b.example');
  assert.equal(htmlToText('<a href="javascript:alert(1)">ici</a>'), 'ici');
});

test('markup that is none stays text, and broken markup loses no words', () => {
  assert.equal(htmlToText('INR < 3 et > 2'), 'INR < 3 et > 2');
  assert.equal(htmlToText('<p title="a>b">texte</p'), 'texte');
  assert.equal(htmlToText('<p title="jamais fermé>texte</p><p>suite</p>'), 'texte\n\nsuite');
  assert.equal(htmlToText('<!--[if mso]>caché<![endif]-->vu<!-- fin'), 'vu');
  assert.equal(htmlToText('<pre>a   b\nc</pre>'), 'a   b\nc');
});

test('any HTML gives a text, in one pass', () => {
  const piece = fc.constantFrom(
    '<',
    '>',
    '<a href="',
    '"',
    "'",
    '<p>',
    '</',
    '<!--',
    '<script>',
    '&',
    ';',
    'x',
    '<li>',
    '=',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 80 }), (pieces) =>
      assert.equal(typeof htmlToText(pieces.join('')), 'string'),
    ),
    { seed: 20260112, numRuns: 500 },
  );
  for (const unit of [
    '<',
    '<p ',
    '<a href="',
    '<a="',
    '<script>',
    '</script',
    '<!--',
    '<div>',
    ' ',
    '&',
    '<a href=x>',
    "<a ='",
  ]) {
    htmlToText(unit.repeat(1_000_000 / unit.length));
  }
});
