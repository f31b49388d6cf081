import { BasePathMapping, DomainName, EndpointType } from 'aws-cdk-lib/aws-apigateway';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { ARecord, HostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { ApiGatewayDomain } from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import type { RefreshApi } from './refresh-api.ts';
import type { Domain } from './settings.ts';
import { tls } from './tls.ts';

export interface CustomDomainProps extends Domain {
  readonly apis: readonly RefreshApi[];
}

/** A custom domain with each API under its base path: `https://<name>/client/refresh` and so on. */
export class CustomDomain extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { apis, name, certificateArn, hostedZoneId, hostedZoneName }: CustomDomainProps,
  ) {
    super(scope, id);
    const domain = new DomainName(this, 'Name', {
      domainName: name,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
      endpointType: EndpointType.REGIONAL,
      ...tls,
    });
    for (const { stage, basePath } of apis)
      new BasePathMapping(this, basePath, {
        domainName: domain,
        restApi: stage.restApi,
        stage,
        basePath,
      });
    const zone = HostedZone.fromHostedZoneAttributes(this, 'Zone', {
      hostedZoneId,
      zoneName: hostedZoneName,
    });
    new ARecord(this, 'Alias', {
      zone,
      recordName: `${name}.`,
      target: RecordTarget.fromAlias(new ApiGatewayDomain(domain)),
    });
  }
}
