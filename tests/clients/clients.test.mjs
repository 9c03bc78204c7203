// The clients that front ends and integrations use, as their manuals say, against a started server.
// Given by the environment: URL and TOKEN of a bank, and the id of an OFFBOARDING that is not done.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import WebSocket from 'ws';

const { URL: url, TOKEN: token, OFFBOARDING: offboarding } = process.env;
const headers = { authorization: `Bearer ${token}` };
const SUBSCRIPTION = `subscription Live ($after: Cursor) {
  activity(after: $after) { cursor kind changes { field after } }
}`;
const QUERY = 'query Who { viewer { clientAccess } }';
const BROKEN = 'subscription Broken { activity { nothing } }';
const VIEWER = { viewer: { clientAccess: 'OPEN' } };

async function setStatus(status) {
  const query = `mutation ($id: ID!, $status: OffboardingStatus!) {
    setOffboardingStatus(input: { offboardingId: $id, status: $status }) { __typename }
  }`;
  const body = JSON.stringify({ query, variables: { id: offboarding, status } });
  const response = await fetch(`${url}/graphql`, {
    method: 'POST', body, headers: { ...headers, 'content-type': 'application/json' },
  });
  const answer = await response.json();
  assert.equal(answer.data.setOffboardingStatus.__typename, 'SetOffboardingStatusSuccess');
}

async function newestPlace() {
  const query = '{ activity(first: 100) { pageInfo { endCursor hasNextPage } } }';
  const response = await fetch(`${url}/graphql`, {
    method: 'POST', body: JSON.stringify({ query }), headers: { ...headers, 'content-type': 'application/json' },
  });
  const { endCursor, hasNextPage } = (await response.json()).data.activity.pageInfo;
  assert.equal(hasNextPage, false);
  return endCursor;
}

// Lets three things happen, each once the one before was told, and returns what was told. Whoever
// begins to follow late misses none: it follows from a place on.
async function follow(subscribe) {
  const told = [];
  const variables = { after: await newestPlace() };
  let hear = () => {};
  let fail;
  const failed = new Promise((_, reject) => { fail = reject; });
  const stop = subscribe({
    variables,
    next: (data) => {
      told.push(data.activity.changes[0].after);
      hear();
    },
    error: fail,
  });
  for (const status of ['IN_PROGRESS', 'REVIEW', 'OPEN']) {
    const heard = new Promise((resolve) => { hear = resolve; });
    await setStatus(status);
    await Promise.race([heard, failed]);
  }
  stop();
  return told;
}

const EXPECTED = ['IN_PROGRESS', 'REVIEW', 'OPEN'];

function wsClient(options = {}) {
  return createWsClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authToken: token },
    ...options,
  });
}

function sseClient() {
  return createSseClient({ url: `${url}/graphql`, headers });
}

for (const [name, make] of [['graphql-ws', wsClient], ['graphql-sse', sseClient]]) {
  test(`${name} follows, asks, and is told what is wrong`, async () => {
    const client = make();
    const told = await follow(({ variables, next, error }) =>
      client.subscribe({ query: SUBSCRIPTION, variables }, { next: ({ data }) => next(data), error, complete() {} }));
    assert.deepEqual(told, EXPECTED);

    const answers = [];
    for await (const answer of client.iterate({ query: QUERY })) answers.push(answer);
    assert.deepEqual(answers, [{ data: VIEWER, extensions: { cost: 2 } }]);

    const wrong = await new Promise((resolve) => {
      client.subscribe({ query: BROKEN }, {
        next: ({ errors }) => resolve(errors), error: resolve, complete() {},
      });
    });
    assert.equal(wrong[0].extensions.code, 'BAD_REQUEST');
    client.dispose();
  });
}

test('graphql-ws reads on from a cursor', async () => {
  const client = wsClient();
  const query = 'query { activity(first: 1) { nodes { cursor } } }';
  let cursor;
  for await (const { data } of client.iterate({ query })) cursor = data.activity.nodes[0].cursor;
  const read = [];
  const resumed = 'subscription ($after: Cursor) { activity(after: $after) { cursor } }';
  for await (const { data } of client.iterate({ query: resumed, variables: { after: cursor } })) {
    read.push(data.activity.cursor);
    if (read.length === 3) break;
  }
  assert.equal(new Set([cursor, ...read]).size, 4);
  client.dispose();
});

test('graphql-ws is told that its token is no good', async () => {
  const client = wsClient({ connectionParams: { authToken: 'offb_nothing' }, retryAttempts: 0 });
  const closed = await new Promise((resolve) => {
    client.subscribe({ query: QUERY }, { next() {}, error: resolve, complete() {} });
  });
  assert.equal(closed.code, 4403);
});

test('urql follows over server-sent events, and asks', async () => {
  const client = new Client({
    url: `${url}/graphql`,
    exchanges: [fetchExchange],
    fetchSubscriptions: true,
    preferGetMethod: false,
    fetchOptions: { headers },
  });
  const told = await follow(({ variables, next, error }) => {
    const { unsubscribe } = client.subscription(SUBSCRIPTION, variables).subscribe((result) => {
      if (result.error) error(result.error);
      else next(result.data);
    });
    return unsubscribe;
  });
  assert.deepEqual(told, EXPECTED);

  const asked = await client.query(QUERY, {}).toPromise();
  assert.equal(asked.error, undefined);
  assert.equal(asked.data.viewer.clientAccess, 'OPEN');
});

test('urql follows over a websocket', async () => {
  const ws = wsClient();
  const forwardSubscription = (request) => ({
    subscribe: (sink) => ({ unsubscribe: ws.subscribe(request, sink) }),
  });
  const client = new Client({
    url: `${url}/graphql`,
    exchanges: [fetchExchange, subscriptionExchange({ forwardSubscription })],
    preferGetMethod: false,
    fetchOptions: { headers },
  });
  const told = await follow(({ variables, next, error }) => {
    const { unsubscribe } = client.subscription(SUBSCRIPTION, variables).subscribe((result) => {
      if (result.error) error(result.error);
      else next(result.data);
    });
    return unsubscribe;
  });
  assert.deepEqual(told, EXPECTED);
  ws.dispose();
});

test('Apollo Client follows in parts, and asks', async () => {
  const link = new HttpLink({ uri: `${url}/graphql`, headers });
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const told = await follow(({ variables, next, error }) => {
    const followed = client.subscribe({ query: gql(SUBSCRIPTION), variables, fetchPolicy: 'no-cache' });
    const subscription = followed.subscribe({
      next: (result) => (result.error ? error(result.error) : next(result.data)),
      error,
    });
    return () => subscription.unsubscribe();
  });
  assert.deepEqual(told, EXPECTED);

  const asked = await client.query({ query: gql(QUERY), fetchPolicy: 'no-cache' });
  assert.equal(asked.data.viewer.clientAccess, 'OPEN');
});
