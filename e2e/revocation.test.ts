/**
 * The product as a process, in a space that waits for revocation: without a list a letter is held and can be traced, and
 * it is shown as verified after the list came, though the gateway was stopped and Redis lost everything meanwhile.
 */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { send } from './support/post-office.ts';
import { manyLetters } from './support/ready-letters.ts';
import { Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

describe('a letter whose revocation status is not known yet', () => {
  const stage = new Stage({ ESTAFETTE_TRUST_SPACE: 'apicrypt-style' });
  const lists = join(stage.home, 'lists');
  after(() => stage.close());

  it('is held, told in its trace, and verified when the list is there, whatever was lost meanwhile', async () => {
    mkdirSync(lists);
    const settings = { ESTAFETTE_CRLS: lists };
    const first = await stage.start(settings);
    const letters = await manyLetters(stage, 2);
    const ids = await send({ port: first.smtpPort, authorities: stage.demo('ca.pem') }, ...letters);
    const [letterId = ''] = ids;
    const trace = async (): Promise<string> => (await stage.run(['trace', letterId])).output.toString();
    const tracedWith = async (event: string): Promise<string | null> => {
      const told = await trace();
      return told.includes(event) ? told : null;
    };
    const held = await until('the letter is held', () => tracedWith('letter-held'));
    assert.match(held, /revocation-unknown, until 20/);
    const byMessageId = await stage.run(['trace', letters[0]?.messageId ?? '']);
    assert.equal(byMessageId.output.toString(), held, 'its sender knows it by its Message-ID only');
    const { output } = await stage.run(['doctor'], settings);
    assert.match(output.toString(), /warning\s+revocation lists: .*: 0 read/);

    assert.equal(await first.stop(), 0);
    rmSync(join(stage.home, 'redis'), { recursive: true });
    copyFileSync(stage.demo('crl.pem'), join(lists, 'crl.pem'));
    await stage.start(settings);
    const chat = await stage.chat();
    await until('both letters are shown', () => chat.letters().length === 2);
    assert.deepEqual(
      chat.letters().map(({ show }) => show),
      ['verified', 'verified'],
    );
    // It is on the screen before it is written down as delivered.
    const traced = await until('the letter is delivered', () => tracedWith('letter-delivered'));
    assert.match(traced, /letter-held[\s\S]*letter-delivered/);
  });
});
