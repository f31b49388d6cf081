import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { RefreshStack } from '../../infra/refresh-stack.ts';
import type { Settings } from '../../infra/settings.ts';
import { settingsProblem } from '../../infra/settings-problem.ts';
import { settings as dev } from '../../infra/stages/dev.ts';
import { settings as prod } from '../../infra/stages/prod.ts';

const { context } = JSON.parse(readFileSync('cdk.json', 'utf8'));

/** The settings of the stages in infra/stages. */
export const stages = { dev, prod } satisfies Record<string, Settings>;

/** The template of a stage. Nothing is bundled, since only the template is looked at. */
export function synthesized(changes: Partial<Settings> = {}, stage: keyof typeof stages = 'dev') {
  return Template.fromStack(stackOf(newApp(), changes, stage));
}

/** An app as `cdk synth` makes it, but without bundling. */
export function newApp(): App {
  return new App({ context: { ...context, 'aws:cdk:bundling-stacks': [] } });
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
