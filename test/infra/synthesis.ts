import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { contracts } from '../../functions/contracts.ts';
import { RefreshStack } from '../../infra/refresh-stack.ts';
import type { Settings } from '../../infra/settings.ts';
import { settingsProblem } from '../../infra/settings-problem.ts';
import { settings as dev } from '../../infra/stages/dev.ts';
import { settings as prod } from '../../infra/stages/prod.ts';

const { context } = JSON.parse(readFileSync('cdk.json', 'utf8'));
const out = mkdtempSync(join(tmpdir(), 'synthesis-'));

/** The settings of the stages in infra/stages. */
export const stages = { dev, prod } satisfies Record<string, Settings>;

/** The flags of cdk.json, and one that has nothing bundled: only the template is looked at. */
export const flags = { ...context, 'aws:cdk:bundling-stacks': [] };

const made = new Map<string, Template>();

/** The template of a stage with some settings changed. */
export function synthesized(changes: Partial<Settings> = {}, stage: keyof typeof stages = 'dev') {
  const key = JSON.stringify([changes, stage]);
  const template = made.get(key) ?? Template.fromStack(stackOf(newApp(), changes, stage));
  made.set(key, template);
  return template;
}

/**
 * An app as `cdk synth` makes it, but without bundling, and without CloudFormation's own rules by
 * default: starting their engine takes ten seconds of CPU.
 */
export function newApp({ rules = false } = {}): App {
  const outdir = mkdtempSync(join(out, 'app-'));
  return new App({ context: flags, outdir, builtinCloudFormationValidation: rules });
}

/** The stack of a stage with some settings changed. */
export function stackOf(
  app: App,
  changes: Partial<Settings>,
  stage: keyof typeof stages,
  id = 'Stack',
): RefreshStack {
  const settings = { ...stages[stage], ...changes };
  const problem = settingsProblem(settings);
  if (problem) throw new Error(problem);
  return new RefreshStack(app, id, { stage: { name: stage, settings } });
}

/** A custom domain. */
export const domain = {
  name: 'refresh.shop.example',
  certificateArn: 'arn:aws:acm:eu-west-1:111111111111:certificate/one',
  hostedZoneId: 'ZONE',
  hostedZoneName: 'shop.example',
};

/** Every setting that adds resources. */
export const everything: Partial<Settings> = {
  domain,
  alarmEmail: 'oncall@shop.example',
  sessionEvents: true,
  firewall: { ratePerAddress: 2000, onlyCounted: ['NoUserAgent_HEADER'] },
  accountHasLoggingRole: true,
  contracts: Object.fromEntries(
    contracts.map(({ name, serves, rotates }) => [
      name,
      {
        allowedOrigins: ['https://shop.example', 'https://www.shop.example'],
        quietMinutes: 15,
        ...(rotates && serves === name && { policy: { rotation: { grace: 60 } } }),
      },
    ]),
  ),
};

/** A resource of a template. */
export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: string;
}

/** The resources of a type, by their logical ids. */
export function resources(
  template: Template,
  type: string,
): readonly (readonly [string, Resource])[] {
  return Object.entries(template.findResources(type)) as [string, Resource][];
}

/** The only resource of a type whose logical id begins with a text. */
export function only(template: Template, type: string, beginning = '') {
  const [found, ...more] = resources(template, type).filter(([id]) => id.startsWith(beginning));
  if (!found || more.length > 0) throw new Error(`expected one ${type} ${beginning}`);
  return { id: found[0], ...found[1] };
}

/**
 * A value of a template as one text: references stand in it as `{name}`, what joins them joined, so
 * that a URL or an ARN can be read.
 */
export function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  if ('Ref' in value) return `{${value.Ref}}`;
  if ('Fn::GetAtt' in value) return `{${[value['Fn::GetAtt']].flat().join('.')}}`;
  if ('Fn::Join' in value) {
    const [separator, parts] = value['Fn::Join'] as [string, unknown[]];
    return parts.map(asText).join(separator);
  }
  return JSON.stringify(value);
}
