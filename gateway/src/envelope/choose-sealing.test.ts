/** How answers are sealed: the operator's word first, then what the correspondent stated, then the trust space. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Capability, SealingWishes } from '../ports.ts';
import { chooseSealing } from './choose-sealing.ts';

const SPACE = { content: 'aes-256-cbc', keyTransport: 'rsa-pkcs1' } as const;
const STRONG_SPACE = { content: 'aes-256-gcm', keyTransport: 'rsa-oaep-sha256' } as const;
const NONE: SealingWishes = { form: null, content: null, keyTransport: null };

const chosen = (capabilities: readonly Capability[] | null, wishes: Partial<SealingWishes> = {}, strong = false) =>
  Object.values(chooseSealing({ space: strong ? STRONG_SPACE : SPACE, capabilities, wishes: { ...NONE, ...wishes } }));

test('of a correspondent who stated nothing, the trust space decides', () => {
  assert.deepEqual(chosen(null), ['detached', 'aes-256-cbc', 'rsa-pkcs1']);
  assert.deepEqual(chosen(null, {}, true), ['detached', 'aes-256-gcm', 'rsa-oaep-sha256']);
  assert.deepEqual(chosen([]), ['detached', 'aes-256-cbc', 'rsa-pkcs1']);
});

test('what he stated is taken, a cipher that authenticates before one that does not', () => {
  assert.deepEqual(chosen(['aes-128-cbc', 'aes-256-cbc']), ['detached', 'aes-128-cbc', 'rsa-pkcs1']);
  assert.deepEqual(chosen(['aes-256-cbc', 'aes-128-gcm', 'aes-256-gcm']), ['detached', 'aes-128-gcm', 'rsa-pkcs1']);
  assert.deepEqual(chosen(['aes-256-gcm', 'rsa-oaep-sha256']), ['detached', 'aes-256-gcm', 'rsa-oaep-sha256']);
  assert.deepEqual(chosen(['rsa-oaep-sha256']), ['detached', 'aes-256-cbc', 'rsa-oaep-sha256']);
  assert.deepEqual(chosen(['aes-256-cbc'], {}, true), ['detached', 'aes-256-cbc', 'rsa-oaep-sha256']);
});

test('the word of the operator goes before all', () => {
  const wishes = { form: 'opaque', content: 'aes-256-cbc', keyTransport: 'rsa-pkcs1' } as const;
  assert.deepEqual(chosen(['aes-256-gcm', 'rsa-oaep-sha256'], wishes, true), ['opaque', 'aes-256-cbc', 'rsa-pkcs1']);
  assert.deepEqual(chosen(['aes-256-gcm'], { form: 'opaque' }), ['opaque', 'aes-256-gcm', 'rsa-pkcs1']);
});
