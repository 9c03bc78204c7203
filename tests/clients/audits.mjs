// The audits of GraphQL over HTTP that come with graphql-http, one line for each.
import { serverAudits } from 'graphql-http';

const { URL, TOKEN } = process.env;

const fetchFn = (url, init = {}) =>
  fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${TOKEN}` } });

for (const audit of serverAudits({ url: `${URL}/graphql`, fetchFn })) {
  const { status, reason = '' } = await audit.fn();
  console.log([status, audit.id, audit.name, reason].join('\t').trim());
}
