/** Which way sessions of a door are admitted, by its policy. At a door for anyone nothing is proven and no carrier is kept. */
import type { DoorPolicy } from '../ports.ts';
import type { Admission, ClientChain } from './admission.ts';
import { admitAccount } from './admit-account.ts';
import { admitOperator } from './admit-operator.ts';
import type { DoorJudge } from './door-judge.ts';

const ANYONE: Admission = {
  sender: async () => null,
  recipient: () => null,
  who: () => null,
  asksFrom: false,
  handover: () => ({ carrier: undefined }),
  login: async () => 'command-refused',
};

/** How sessions of this door are admitted; throws when the door asks what nobody can answer. */
export function createAdmission(
  { admits }: Pick<DoorPolicy, 'admits'>,
  judge: DoorJudge | null,
): (chain: ClientChain) => Admission {
  if (admits === 'anyone') return () => ANYONE;
  if (judge === null) throw new Error(`a door for ${admits} needs somebody to judge clients`);
  if (admits === 'accounts') return (chain) => admitAccount(judge, chain);
  const { trustList } = judge;
  if (trustList === null) throw new Error('a door for listed operators needs a trust list');
  return (chain) => admitOperator({ judgeClient: (given) => judge.judgeClient(given), trustList }, chain);
}
