/**
 * Where in the app we are, from the fragment of the address. An enrolment link is taken out of the address bar and
 * of the history at once: its secret must not stay on a shared computer.
 */
export type Route = { readonly at: 'list' } | { readonly at: 'conversation'; readonly conversationId: string };

export function readRoute(hash: string): Route {
  const found = /^#\/c\/(cnv_[0-9A-Za-z]{26})$/.exec(hash);
  return found?.[1] === undefined ? { at: 'list' } : { at: 'conversation', conversationId: found[1] };
}

export function conversationHref(conversationId: string): string {
  return `#/c/${conversationId}`;
}

/** The enrolment link of the present address, if it is one; it is gone from the address afterwards. */
export function takeEnrolmentLink(): string | null {
  const { hash } = location;
  if (!hash.startsWith('#/enrol')) return null;
  history.replaceState(null, '', '#/');
  return hash;
}
