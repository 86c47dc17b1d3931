// Reads requests that a server has sent from a file, a JSON object a line, and has each one checked by its vendor's own library:
// {vendor, secret, method, url, headers, body (base64)}. Says "verified N" at the end, or which one failed and why.
import {readFileSync} from 'node:fs';
import {verify as octokit} from '@octokit/webhooks-methods';
import '@shopify/shopify-api/adapters/node';
import {ApiVersion, shopifyApi} from '@shopify/shopify-api';
import Stripe from 'stripe';
import {Webhook as StandardWebhook} from 'standardwebhooks';
import {Webhook as SvixWebhook} from 'svix';
import {createVerifier, httpbis} from 'http-message-signatures';
import {createPublicKey} from 'node:crypto';

const single = (headers) => Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values.join(', ')]));

async function messageSignature({method, url, headers, secret}, algorithm, key) {
    const verified = await httpbis.verifyMessage(
        {
            keyLookup: async () => ({id: 'key', algs: [algorithm], verify: createVerifier(key, algorithm)}),
            requiredFields: ['@method', '@target-uri', 'content-digest'],
        },
        {method, url, headers: single(headers)},
    );
    return verified === true;
}

const vendors = {
    github: ({secret, headers, text}) => octokit(secret, text, headers['x-hub-signature-256'][0]),
    shopify: async ({secret, method, url, headers, text}) => {
        const shopify = shopifyApi({
            apiKey: 'key',
            apiSecretKey: secret,
            apiVersion: Object.values(ApiVersion).at(-1),
            hostName: 'example.com',
            isEmbeddedApp: false,
            logger: {level: 0},
        });
        const result = await shopify.webhooks.validate({
            rawBody: text,
            rawRequest: {method, url, headers: single(headers)},
        });
        if (!result.valid) throw new Error(JSON.stringify(result));
        return true;
    },
    stripe: ({secret, headers, text}) =>
        new Stripe('sk_test_x').webhooks.constructEvent(text, headers['stripe-signature'][0], secret).object === 'event',
    standard: ({secret, headers, text}) => Boolean(new StandardWebhook(secret).verify(text, single(headers))),
    svix: ({secret, headers, text}) => Boolean(new SvixWebhook(secret).verify(text, single(headers))),
    'rfc9421-hmac-sha256': (request) =>
        messageSignature(request, 'hmac-sha256', Buffer.from(request.secret.replace('whsec_', ''), 'base64')),
    'rfc9421-ed25519': (request) =>
        messageSignature(
            request,
            'ed25519',
            createPublicKey({
                key: Buffer.concat([
                    Buffer.from('302a300506032b6570032100', 'hex'),
                    Buffer.from(request.secret.replace('whpk_', ''), 'base64'),
                ]),
                format: 'der',
                type: 'spki',
            }),
        ),
};

let count = 0;
for (const line of readFileSync(process.argv[2], 'utf8').split('\n').filter((one) => one !== '')) {
    const request = JSON.parse(line);
    request.text = Buffer.from(request.body, 'base64').toString('utf8');
    const check = vendors[request.vendor];
    let right = false;
    let why = 'there is nobody who checks it';
    try {
        right = check !== undefined && (await check(request));
        why = 'the library says no';
    } catch (error) {
        why = error.message;
    }
    if (!right) {
        console.log(`${request.vendor}: ${why}`);
        process.exit(1);
    }
    // what was altered must not pass
    const altered = {...request, text: request.text + ' '};
    if (!request.vendor.startsWith('rfc9421')) {
        let passed = false;
        try {
            passed = await check(altered);
        } catch {
            passed = false;
        }
        if (passed) {
            console.log(`${request.vendor}: an altered body passes`);
            process.exit(1);
        }
    }
    count++;
}
console.log(`verified ${count}`);
