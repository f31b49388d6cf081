import { lambdas } from './bill.ts';
import type { Cells } from './document.ts';
import type { Facts, Fixed, Subject } from './facts.ts';
import { binding, lifted, limits, used } from './limits.ts';
import { type Load, loads } from './loads.ts';
import { rate, times, whole } from './shown.ts';

/** How far each load uses up each limit. */
export function limitTable(subject: Subject, fixed: Fixed): readonly Cells[] {
  return loads.map((load) => limitRow(load, subject, fixed));
}

function limitRow({ name, mean, busiest }: Load, subject: Subject, fixed: Fixed): Cells {
  const all = limits(subject, fixed, busiest);
  return {
    load: name,
    'mean /s': rate(mean),
    'busiest /s': rate(busiest),
    Lambdas: whole(lambdas(subject, busiest)),
    ...Object.fromEntries(
      all.map((limit) => [`${limit.name} (${whole(limit.allows)})`, times(used(limit))]),
    ),
    'binds, first to last':
      binding(all)
        .map((limit) => limit.name)
        .join(', ') || 'none',
  };
}

/** What each limit lets through of each contract's smallest sessions. */
export function liftedTable({ subjects, fixed }: Facts): readonly Cells[] {
  const smallest = subjects.filter(({ claimsKB }) => claimsKB === subjects[0]?.claimsKB);
  const found = smallest.map((subject) => ({
    name: subject.name,
    limits: limits(subject, fixed, manyASecond),
  }));
  return Object.entries(lifted).map(([limit, { is, by, page }]) => ({
    limit,
    'what it is': is,
    ...Object.fromEntries(
      found.map(({ name, limits }) => {
        const one = limits.find((other) => other.name === limit);
        return [`\`${name}\` /s`, one ? whole(manyASecond / used(one)) : '–'];
      }),
    ),
    'what lifts it': by,
    page,
  }));
}

/** So many that nothing is rounded. */
const manyASecond = 1e6;
