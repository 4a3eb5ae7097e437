/**
 * Whatever byte of a letter is altered on its way, what is shown as verified is what was signed. The bytes are random but
 * seeded (ALTERED_SEED repeats a run); `inspect` judges the files with the code of the way in.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { letterOf, textPart } from './support/letters.ts';
import { encrypt, identityIn, sign } from './support/openssl.ts';
import { seededRandom } from './support/seeded-random.ts';
import { Stage } from './support/stage.ts';

const SEED = Number(process.env.ALTERED_SEED ?? 20_260_112);
const ALTERATIONS = 60;
const TEXT = 'Bonjour,\r\nFluindione 20 mg : trois quarts de comprimé par jour.\r\n';

interface Judgement {
  readonly show: string;
  readonly documents: readonly { readonly kind: string; readonly text?: string }[];
}

describe('a letter of which one byte was altered', () => {
  const stage = new Stage();
  const random = seededRandom(SEED);
  const judged = new Map<string, readonly Judgement[]>();

  // One run of the command for all forms: its start costs more than its letters.
  before(async () => {
    await (await stage.start()).stop();
    const files: string[] = [];
    for (const [name, make] of Object.entries(forms)) files.push(...copiesOf(name.replaceAll(' ', '-'), await make()));
    const judgements = await inspect(files);
    const each = ALTERATIONS + 1;
    for (const [at, name] of Object.keys(forms).entries())
      judged.set(name, judgements.slice(at * each, (at + 1) * each));
  });
  after(() => stage.close());

  async function inspect(files: readonly string[]): Promise<Judgement[]> {
    const { code, output, errors } = await stage.run([
      'inspect',
      ...files,
      '--for',
      stage.address('pharmacy'),
      '--json',
    ]);
    assert.equal(code, 0, errors);
    const lines = output.toString().trim().split('\n');
    return lines.map((line) => JSON.parse(line) as Judgement);
  }

  const shownIn = ({ documents }: Judgement): string => JSON.stringify(documents);

  /** The letter, and copies of it with one byte replaced by another, anywhere behind the header of the letter. */
  function copiesOf(name: string, entity: Buffer): string[] {
    const heading = { from: stage.address('doctor'), to: stage.address('pharmacy'), subject: 'Posologie' };
    const { bytes } = letterOf(heading, entity);
    const start = bytes.indexOf('\r\n\r\n');
    return Array.from({ length: ALTERATIONS + 1 }, (_, at) => {
      const copy = Buffer.from(bytes);
      const place = start + Math.floor(random() * (bytes.length - start));
      if (at > 0) copy[place] = ((copy[place] ?? 0) + 1 + Math.floor(random() * 255)) % 256;
      const file = join(stage.home, `${name}-${at}-${place}.eml`);
      writeFileSync(file, copy);
      return file;
    });
  }

  const forms: Readonly<Record<string, () => Promise<Buffer>>> = {
    'signed beside the text': () => sign(identityIn(stage.demo('doctor')), textPart(TEXT)),
    'signed around the text': () => sign(identityIn(stage.demo('doctor')), textPart(TEXT), 'opaque'),
    'signed and encrypted': async () =>
      encrypt(stage.demo('pharmacy', 'cert.pem'), await sign(identityIn(stage.demo('doctor')), textPart(TEXT))),
  };

  for (const name of Object.keys(forms)) {
    it(`${name}: is not shown as verified, or shows exactly what was signed`, (t: TestContext) => {
      const [first, ...altered] = judged.get(name) ?? [];
      assert.equal(altered.length, ALTERATIONS);
      assert.equal(first?.show, 'verified');
      const genuine = shownIn(first as Judgement);
      assert.match(genuine, /trois quarts/);
      const verified = altered.filter(({ show }) => show === 'verified');
      for (const judgement of verified) assert.equal(shownIn(judgement), genuine);
      const untouched = `${verified.length} of ${altered.length} alterations did not touch what was signed`;
      t.diagnostic(`seed ${SEED}: ${untouched}`);
    });
  }
});
