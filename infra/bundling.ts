import { type BundlingOptions, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';

/** How a handler becomes one module. The benches bundle by it too, so they measure what is deployed. */
export const bundling = {
  format: OutputFormat.ESM,
  target: 'node24',
  mainFields: ['module', 'main'],
  // The SDK is bundled: the one that the runtime brings changes without us. Left out is where it looks
  // for credentials that are not in the environment: on Lambda they are, so none of these is imported.
  externalModules: [
    '@aws-sdk/credential-provider-http',
    '@aws-sdk/credential-provider-ini',
    '@aws-sdk/credential-provider-process',
    '@aws-sdk/credential-provider-sso',
    '@aws-sdk/credential-provider-web-identity',
    '@smithy/credential-provider-imds',
  ],
  minify: true,
  // For people. Node would read it at every cold start, for a tenth of its CPU, so it is not told to.
  sourceMap: true,
  sourcesContent: false,
} satisfies BundlingOptions;
