import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { RefreshStack } from './refresh-stack.ts';
import { settingsOf } from './settings.ts';

const app = new App();
const stage: unknown = app.node.tryGetContext('stage') ?? 'dev';
const settings = settingsOf(stage);
new RefreshStack(app, `SessionRefresh-${stage}`, { settings });
Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
app.synth();
