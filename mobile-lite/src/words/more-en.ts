/** The English texts of what comes later; the same shape as the French ones. */
import { failures } from './failures-en.ts';
import type { MoreWords } from './words-type.ts';

export const more: MoreWords = {
  welcomeTitle: 'Welcome',
  welcomeText:
    'To receive the letters of your organisation here, open the link you were given (or scan the QR code), or paste it below.',
  welcomeLabel: 'Enrolment link',
  welcomeNext: 'Continue',
  enrolTitle: 'Receive your secure letters here',
  enrolSteps: [
    'Keys are made here; they never leave the device.',
    'The gateway checks that the link is yours.',
    'The letters of your mailbox then show here, and erase themselves.',
  ],
  enrolButton: 'Connect this device',
  enrolOnce: 'The link works once.',
  enrolReplaces: (name) =>
    `This device is already connected to “${name}”. Going on erases what it holds and connects it to the new mailbox.`,
  enrolProgress: {
    'making-keys': 'Making keys…',
    asking: 'Sending the request…',
    waiting: 'The gateway is checking…',
    joined: 'Device connected.',
  },
  enrolFailed: 'The device was not connected',
  enrolRetry: 'Try again',
  enrolCancel: 'Cancel',
  enrolAskNew: 'Ask whoever runs the gateway for a new link.',
  enrolmentFailures: {
    'link-malformed': 'This link is incomplete: copy all of it, or scan the QR code again.',
    network: 'The gateway cannot be reached. Check the network, then try again.',
    'no-answer': 'The gateway did not answer in time. Try again in a moment.',
    'answer-forged': 'The answer does not come from your gateway. Do not go on, and tell whoever runs it.',
  },
  failures,
  failureUnknown: 'The gateway gave no reason.',

  photoShow: (size) => `Show the photo (${size})`,
  photoEnlarge: 'Enlarge the photo',
  photoOf: (name) => `Photo: ${name}`,
  fileDownload: 'Download',
  fileOpening: 'Opening…',
  attachmentTroubles: {
    offline: 'No network: try again when the connection is back.',
    gone: 'This document is no longer available.',
    altered: 'This document was altered: it is not shown.',
    'no-key': 'The key of the conversation is missing.',
  },

  replyTo: 'Recipients',
  replyToSender: 'To the sender',
  replyToAll: (count) => `To all (${count})`,
  replyUnreachable: (names) => `Cannot be reached: ${names} (outside the trust space, or certificate not known).`,
  replyNow: 'Leave at once',
  replyNowText: 'Otherwise what you send within the next seconds leaves in the same letter.',
  attachPhoto: 'Photo',
  attachFile: 'File',
  attachRemove: (name) => `Remove ${name}`,
  attachPreparing: 'Preparing…',
  attachTroubles: {
    unreadable: 'This photo cannot be read here: choose another one.',
    'too-large': 'Too large: 10 MB at most per file, 12 MB in all.',
    'too-many': '5 attachments at most.',
    empty: 'This file is empty.',
  },
};
