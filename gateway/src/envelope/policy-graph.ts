/**
 * Certificate policies along a path (RFC 5280 §6.1 as changed by RFC 9618): a graph whose layers hold each policy once,
 * where the tree of RFC 5280 could be made to grow exponentially by policy mappings. The work is linear in what the
 * certificates say.
 */
import { BerError, isContext, isUniversal, oidOf, sequenceOf, smallIntegerOf, TAG } from './ber.ts';
import { type Certificate, extensionOf } from './certificate.ts';
import { OID } from './oids.ts';

/** What the judge asks of policies; by default everything is acceptable and nothing is required (§6.1.1). */
export interface PolicySettings {
  /** The policies acceptable to us, or any. */
  readonly acceptable: 'any' | readonly string[];
  readonly requireExplicit: boolean;
  readonly inhibitMapping: boolean;
  readonly inhibitAny: boolean;
}

export const ANY_POLICY: PolicySettings = {
  acceptable: 'any',
  requireExplicit: false,
  inhibitMapping: false,
  inhibitAny: false,
};

interface PolicyNode {
  readonly policy: string;
  expected: ReadonlySet<string>;
  readonly parents: readonly PolicyNode[];
}

type Layer = Map<string, PolicyNode>;

const QUALIFIERS: readonly string[] = [OID.cpsQualifier, OID.userNoticeQualifier];

/** The policies of a certificate, or null when it names none; throws `BerError`. */
function policiesOf(certificate: Certificate): Set<string> | null {
  const extension = extensionOf(certificate, OID.certificatePolicies);
  if (extension === null) return null;
  const critical = certificate.extensions.get(OID.certificatePolicies)?.critical === true;
  const policies = new Set<string>();
  for (const statement of sequenceOf(extension)) {
    const [type, qualifiers] = sequenceOf(statement);
    const policy = oidOf(type);
    if (policies.has(policy)) throw new BerError('policy repeated');
    policies.add(policy);
    // A critical extension must be understood with its qualifiers (§4.2.1.4).
    if (!critical || qualifiers === undefined) continue;
    for (const qualifier of sequenceOf(qualifiers))
      if (!QUALIFIERS.includes(oidOf(sequenceOf(qualifier)[0]))) throw new BerError('unknown policy qualifier');
  }
  if (policies.size === 0) throw new BerError('policies without a policy');
  return policies;
}

/** Policy mappings (§4.2.1.5): from the issuer's policy to the subject's; anyPolicy has no place in them (§6.1.4 a). */
function mappingsOf(certificate: Certificate): Map<string, Set<string>> {
  const mappings = new Map<string, Set<string>>();
  const extension = extensionOf(certificate, OID.policyMappings);
  if (extension === null) return mappings;
  for (const mapping of sequenceOf(extension)) {
    const [from, to] = sequenceOf(mapping).map((node) => oidOf(node));
    if (from === undefined || to === undefined || from === OID.anyPolicy || to === OID.anyPolicy)
      throw new BerError('policy mapping malformed');
    mappings.set(from, (mappings.get(from) ?? new Set()).add(to));
  }
  return mappings;
}

/** Policy constraints and inhibitAnyPolicy: after how many more certificates each begins to hold; null for never. */
function countersOf(certificate: Certificate): Record<'explicit' | 'mapping' | 'any', number | null> {
  const counters = { explicit: null as number | null, mapping: null as number | null, any: null as number | null };
  const constraints = extensionOf(certificate, OID.policyConstraints);
  if (constraints !== null) {
    const fields = sequenceOf(constraints);
    if (fields.length === 0) throw new BerError('policy constraints empty');
    for (const node of fields) {
      const value = node.source.subarray(node.contentStart, node.contentEnd);
      if (node.constructed || value.length === 0 || value.length > 4 || (value[0] as number) >= 0x80)
        throw new BerError('policy constraint malformed');
      const count = value.readUIntBE(0, value.length);
      if (isContext(node, 0) && counters.explicit === null) counters.explicit = count;
      else if (isContext(node, 1) && counters.mapping === null) counters.mapping = count;
      else throw new BerError('policy constraint malformed');
    }
  }
  const inhibit = extensionOf(certificate, OID.inhibitAnyPolicy);
  if (inhibit !== null) {
    if (!isUniversal(inhibit, TAG.integer)) throw new BerError('inhibitAnyPolicy malformed');
    counters.any = smallIntegerOf(inhibit);
  }
  return counters;
}

const atMost = (counter: number, limit: number | null): number => (limit === null ? counter : Math.min(counter, limit));
const less = (counter: number): number => Math.max(0, counter - 1);

/** The policy state while a path is walked from the anchor down. */
export class PolicyGraph {
  readonly #settings: PolicySettings;
  /** Layers from the anchor's down; null when no policy is valid any more. */
  #layers: Layer[] | null;
  #explicit: number;
  #mapping: number;
  #any: number;

  /** `length` is the number of certificates below the anchor. */
  constructor(settings: PolicySettings, length: number) {
    this.#settings = settings;
    const root = { policy: OID.anyPolicy, expected: new Set([OID.anyPolicy]), parents: [] };
    this.#layers = [new Map([[OID.anyPolicy, root]])];
    this.#explicit = settings.requireExplicit ? 0 : length + 1;
    this.#mapping = settings.inhibitMapping ? 0 : length + 1;
    this.#any = settings.inhibitAny ? 0 : length + 1;
  }

  /** What an anchor's own certificate constrains counts for the path below it (RFC 5937). */
  constrain(certificate: Certificate): void {
    const { explicit, mapping, any } = countersOf(certificate);
    this.#explicit = atMost(this.#explicit, explicit);
    this.#mapping = atMost(this.#mapping, mapping);
    this.#any = atMost(this.#any, any);
  }

  /**
   * Takes the policies of the next certificate (§6.1.3 d, e). Whether one was required (§6.1.3 f) is asked once, at the
   * end: no graph grows again, and no requirement is lifted again.
   */
  enter(certificate: Certificate, place: { readonly final: boolean; readonly selfIssued: boolean }): void {
    const policies = policiesOf(certificate);
    if (policies === null) this.#layers = null;
    else if (this.#layers !== null) {
      const mayBeAny = this.#any > 0 || (!place.final && place.selfIssued);
      this.#layers.push(nextLayer(this.#layers.at(-1) as Layer, policies, mayBeAny));
      this.#prune();
    }
  }

  /** Prepares for the certificate below (§6.1.4 a, b, h–j). */
  descend(certificate: Certificate, selfIssued: boolean): void {
    const mappings = mappingsOf(certificate);
    if (this.#layers !== null && mappings.size > 0) {
      this.#map(this.#layers, mappings);
      this.#prune();
    }
    if (!selfIssued) {
      this.#explicit = less(this.#explicit);
      this.#mapping = less(this.#mapping);
      this.#any = less(this.#any);
    }
    this.constrain(certificate);
  }

  /** Whether the whole path satisfies the settings, once its last certificate was entered (§6.1.5 a, b, g). */
  satisfied(certificate: Certificate): boolean {
    const explicit = countersOf(certificate).explicit === 0 ? 0 : less(this.#explicit);
    return explicit > 0 || this.#hasAcceptablePolicy();
  }

  #map(layers: Layer[], mappings: ReadonlyMap<string, ReadonlySet<string>>): void {
    const layer = layers.at(-1) as Layer;
    const any = layer.get(OID.anyPolicy);
    for (const [from, to] of mappings) {
      const node = layer.get(from);
      if (this.#mapping === 0) layer.delete(from);
      else if (node !== undefined) node.expected = to;
      else if (any !== undefined) layer.set(from, { policy: from, expected: to, parents: any.parents });
    }
  }

  /** Removes what leads to no policy of the last layer; nothing left is no graph at all (§6.1.3 d 3). */
  #prune(): void {
    const layers = this.#layers;
    if (layers === null) return;
    for (let depth = layers.length - 1; depth > 0; depth -= 1) {
      const parents = new Set([...(layers[depth] as Layer).values()].flatMap((node) => node.parents));
      const above = layers[depth - 1] as Layer;
      for (const node of [...above.values()]) if (!parents.has(node)) above.delete(node.policy);
    }
    if (layers[0]?.size === 0 || layers.at(-1)?.size === 0) this.#layers = null;
  }

  /** RFC 9618 §5.4: policies whose parent is anyPolicy are what the authorities vouch for. */
  #hasAcceptablePolicy(): boolean {
    const { acceptable } = this.#settings;
    if (this.#layers === null) return false;
    if (acceptable === 'any' || this.#layers.at(-1)?.has(OID.anyPolicy) === true) return true;
    const domain = this.#layers
      .flatMap((layer) => [...layer.values()])
      .filter((node) => node.parents.some((parent) => parent.policy === OID.anyPolicy));
    return domain.some((node) => acceptable.includes(node.policy));
  }
}

/** RFC 9618 §5.3: one node for each policy of the certificate that a node above expects. */
function nextLayer(above: Layer, policies: ReadonlySet<string>, mayBeAny: boolean): Layer {
  const expecting = new Map<string, PolicyNode[]>();
  for (const node of above.values())
    for (const policy of node.expected) {
      const nodes = expecting.get(policy);
      if (nodes === undefined) expecting.set(policy, [node]);
      else nodes.push(node);
    }
  const any = above.get(OID.anyPolicy);
  const layer: Layer = new Map();
  const add = (policy: string, parents: readonly PolicyNode[]): void => {
    layer.set(policy, { policy, expected: new Set([policy]), parents });
  };
  for (const policy of policies) {
    if (policy === OID.anyPolicy) continue;
    const parents = expecting.get(policy) ?? (any === undefined ? [] : [any]);
    if (parents.length > 0) add(policy, parents);
  }
  if (policies.has(OID.anyPolicy) && mayBeAny)
    for (const [policy, parents] of expecting) if (!layer.has(policy)) add(policy, parents);
  return layer;
}
