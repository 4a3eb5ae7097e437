/**
 * Tables of what lasts, as Kysely sees them. Times are milliseconds since 1970. Columns named `sealed…` hold
 * ciphertext of the vault or of a conversation key; `…_index` are keyed digests, for looking up what is not stored.
 */
import type { Generated } from 'kysely';

export interface Schema {
  mailboxes: {
    id: string;
    address: string;
    name: string;
    kind: string;
    title: string | null;
    given_name: string | null;
    family_name: string | null;
    entity: string | null;
    closed_at: number | null;
    created_at: number;
  };
  mailbox_keys: {
    id: string;
    mailbox_id: string;
    certificate: Buffer;
    chain: Buffer;
    sealed_key: Buffer;
    not_before: number;
    not_after: number;
  };
  key_requests: { id: string; mailbox_id: string; sealed_key: Buffer; created_at: number };
  enrolments: {
    id: string;
    mailbox_id: string;
    sealed_person: Buffer;
    sealed_secret: Buffer;
    expires_at: number;
    used_by: string | null;
    device_ttl_seconds: number | null;
  };
  devices: {
    id: string;
    mailbox_id: string;
    sealed_person: Buffer;
    wrapping_key: string;
    signing_key: string;
    valid_until: number | null;
    revoked_at: number | null;
  };
  correspondents: {
    address_index: Buffer;
    sealed_certificate: Buffer;
    sealed_facts: Buffer | null;
    fingerprint: string;
    learnt_at: number;
    form: string | null;
    content: string | null;
    key_transport: string | null;
  };
  conversations: {
    id: string;
    mailbox_id: string;
    correspondent_index: Buffer;
    epoch: string;
    wrapped_key: Buffer;
    opened_at: number;
    expires_at: number;
    erased_at: number | null;
    space: string | null;
    reminded_for: number | null;
  };
  participants: { conversation_id: string; address_index: Buffer; role: string; since: number };
  letters: {
    seq: Generated<number>;
    letter_id: string;
    mailbox_id: string;
    conversation_id: string;
    dedupe_index: Buffer;
    state: string;
    answerable: number;
    route: string;
    sealed_context: Buffer | null;
    marks: string;
    created_at: number;
  };
  message_ids: {
    mailbox_id: string;
    message_id_index: Buffer;
    conversation_id: string;
    subject: string;
    direction: string;
  };
  blobs: { blob_id: string; mailbox_id: string; conversation_id: string };
  replies: {
    id: string;
    mailbox_id: string;
    conversation_id: string;
    device_id: string;
    state: string;
    failure: string | null;
    certain: number;
    revision: number;
    announced_revision: number;
    attempts: number;
    sealed_iv: string;
    sealed_ct: string;
    answers: string | null;
    recipients: string;
    is_pressing: number;
    bytes: number;
    group_id: string | null;
    gathered_at: number | null;
    created_at: number;
    changed_at: number;
    corrected: Generated<number>;
    purpose: Generated<string>;
  };
  mails: {
    seq: Generated<number>;
    id: string;
    kind: string;
    mailbox_id: string;
    conversation_id: string | null;
    subject: string;
    recipient_index: Buffer;
    sealed_to: Buffer | null;
    message_id_index: Buffer;
    space: string;
    state: string;
    failure: string | null;
    certain: number;
    revision: number;
    attempts: number;
    urgent: number;
    asks_reports: number;
    sealed_at: number;
    sent_at: number | null;
    changed_at: number;
    next_attempt_at: number;
    attempting_by: string | null;
    attempting_until: number | null;
    wish: string | null;
  };
  mail_replies: { mail_id: string; reply_id: string };
  given_up_jobs: { seq: Generated<number>; at: number; queue: string; reason: string };
  quarantine: {
    letter_id: string;
    mailbox_id: string;
    received_at: number;
    bytes: number;
    reasons: string;
    state: string;
    wish: string | null;
    outcome: string | null;
    sender_index: Buffer;
    sealed_sender: Buffer | null;
    notice: string;
    notice_attempts: number;
  };
  automatic_letters: {
    letter_id: string;
    mailbox_id: string;
    sender_index: Buffer;
    kind: string;
    shown: number;
    at: number;
  };
  automatic_mails: { claim: string; mail_id: string; mailbox_id: string; recipient_index: Buffer; at: number };
  absences: { mailbox_id: string; from_at: number; until_at: number; sealed_text: Buffer };
  receipt_refusals: { mailbox_id: string };
  accounts: { id: string; name_index: Buffer; sealed_facts: Buffer; created_at: number };
  account_certificates: { fingerprint: string; account_id: string };
  urgency_rules: {
    mailbox_id: string;
    words: string;
    analyte: string;
    comparison: string;
    threshold: number;
    unit: string;
  };
  correspondent_phones: { address_index: Buffer; sealed_phone: Buffer };
  filing_settings: { mailbox_id: string; sealed_facts: Buffer };
  filings: {
    id: string;
    mailbox_id: string;
    conversation_id: string;
    device_id: string;
    what: string;
    letter_id: string | null;
    at: number;
    covers_until: number | null;
  };
  oppositions: {
    id: string;
    mailbox_id: string | null;
    sealed_facts: Buffer | null;
    recorded_at: number;
    withdrawn_at: number | null;
  };
  opposition_keys: { opposition_id: string; digest: Buffer };
  opposed_letters: { opposition_id: string; letter_id: string; mailbox_id: string; at: number };
  audit_events: {
    seq: Generated<number>;
    at: number;
    subject: string;
    event: string;
    detail: string | null;
    related: string | null;
  };
}
