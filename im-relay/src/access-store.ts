/**
 * Who may connect: devices, and the short-lived proofs they get and give (nonces, tickets, sessions, enrolment
 * answers). Each proof is random, has an end, and is used up atomically: of two takers of one ticket, one gets it.
 * Tickets and session tokens rest as digests, so that a copy of Redis opens no session.
 */
import type { EnrolmentAnswer } from '@estafette/contracts/enrolment';

export interface DeviceRecord {
  readonly mailboxId: string;
  /** ECDSA P-256 public key, raw point, base64url. */
  readonly signingKey: string;
  /** Milliseconds since 1970 after which the device counts as revoked; null for a phone. */
  readonly validUntil: number | null;
}

/** A ticket that was good: whose it is, and the how-manieth connection of this device. */
export interface Admission {
  readonly deviceId: string;
  readonly mailboxId: string;
  readonly validUntil: number | null;
  /** Grows with every ticket taken: of two sockets of one device, the higher is the newer, on whatever node. */
  readonly connection: number;
}

export interface AccessStore {
  /** False, and nothing stored, when the device was revoked before: a late job does not bring it back. */
  registerDevice(deviceId: string, record: DeviceRecord): Promise<boolean>;
  revokeDevice(deviceId: string): Promise<void>;
  /** Null when the device is unknown, revoked or past its validity. */
  findDevice(deviceId: string): Promise<DeviceRecord | null>;
  /** The gateway has told of every live device; a Redis that forgot does not know it any more. */
  markIntroduced(): Promise<void>;
  isIntroduced(): Promise<boolean>;
  /** True for the first use of a nonce, false for every other while a request that carries it could be in time. */
  useNonce(deviceId: string, nonce: string): Promise<boolean>;
  makeTicket(deviceId: string): Promise<string>;
  /** Takes the ticket away. Null when it is unknown, used, too old, or its device is not allowed any more. */
  takeTicket(ticket: string): Promise<Admission | null>;
  openSession(deviceId: string): Promise<string>;
  /** The device and mailbox of a session; null when it ended or the device is not allowed any more. */
  findSession(token: string): Promise<{ readonly deviceId: string; readonly mailboxId: string } | null>;
  /** The socket of the session is gone: the session ends after sessionGraceSeconds. */
  endSession(token: string): Promise<void>;
  /** Counts an upload of the mailbox within the present hour; gives how many, and how many bytes, that makes. */
  countUpload(mailboxId: string, bytes: number): Promise<{ readonly uploads: number; readonly bytes: number }>;
  /** Keeps an enrolment answer for a while. A refusal never replaces an answer that is there. */
  putAnswer(enrolmentId: string, deviceId: string, answer: EnrolmentAnswer): Promise<void>;
  findAnswer(enrolmentId: string, deviceId: string): Promise<EnrolmentAnswer | null>;
  /** Whether the store answers now. Never throws. */
  isReachable(): Promise<boolean>;
}
