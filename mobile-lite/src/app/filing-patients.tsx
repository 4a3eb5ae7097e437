/** In whose record: the patients the conversation states, each said in full, or somebody who is typed. */
import type { JSX } from 'preact';
import { moreWords } from '../words/words.ts';
import type { PatientChoice } from './filing-choices.ts';
import type { FilingDraft } from './filing-draft.ts';
import { bornLine, fullName } from './report-words.ts';

interface PatientsProps {
  patients: readonly PatientChoice[];
  draft: FilingDraft;
  change: (part: Partial<FilingDraft>) => void;
  now: number;
}

export function FilingPatients(props: PatientsProps): JSX.Element {
  const { patients, draft, change, now } = props;
  const texts = moreWords.filing;
  return (
    <fieldset data-testid="filing-patient">
      <legend>{texts.patient}</legend>
      {patients.length > 1 && draft.patient === '' && <p class="note amber">{texts.choosePatient}</p>}
      {patients.length === 0 && <p class="muted">{texts.noPatient}</p>}
      {patients.map(({ key, patient, verified }) => (
        <label key={key} class="choice">
          <input
            type="radio"
            name="patient"
            checked={draft.patient === key}
            onChange={() => change({ patient: key })}
          />
          <span>
            <strong>{fullName(patient)}</strong>
            <br />
            {bornLine(patient, now)}
            {patient.ins !== null && <span class="muted"> {moreWords.report.ins[patient.ins.quality]}</span>}
            {!verified && <span class="amber"> {texts.unverified}</span>}
          </span>
        </label>
      ))}
      {patients.length > 0 && (
        <label class="choice">
          <input
            type="radio"
            name="patient"
            checked={draft.patient === 'typed'}
            onChange={() => change({ patient: 'typed' })}
          />
          {texts.other}
        </label>
      )}
      {draft.patient === 'typed' && <TypedPatient {...props} />}
    </fieldset>
  );
}

function TypedPatient({ draft: { typed }, change, now }: PatientsProps): JSX.Element {
  const texts = moreWords.filing;
  const type = (part: Partial<FilingDraft['typed']>): void => change({ typed: { ...typed, ...part } });
  const today = new Date(now).toISOString().slice(0, 10);
  return (
    <div class="typed-patient">
      {(['familyName', 'givenName'] as const).map((name) => (
        <label key={name} class="typed">
          {texts[name]}
          <input
            required
            maxLength={100}
            autocomplete="off"
            value={typed[name]}
            onInput={(event) => type({ [name]: event.currentTarget.value })}
          />
        </label>
      ))}
      <label class="typed">
        {texts.birthDate}
        <input
          type="date"
          required
          max={today}
          value={typed.birthDate}
          onInput={(event) => type({ birthDate: event.currentTarget.value })}
        />
      </label>
      <fieldset class="sexes">
        <legend>{texts.sex}</legend>
        {(['F', 'M'] as const).map((sex) => (
          <label key={sex} class="choice">
            <input type="radio" name="sex" checked={typed.sex === sex} onChange={() => type({ sex })} />
            {texts.sexes[sex]}
          </label>
        ))}
      </fieldset>
    </div>
  );
}
