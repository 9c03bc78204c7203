// The ready queries: what an analyst asks first, each with a line of explanation.
import type { Offers, Samples } from "./session";

export interface Ready {
  title: string;
  explanation: string;
  query: string;
  variables: Record<string, unknown>;
}

const OVERVIEW = `query Overview($search: String) {
  clientFile {
    parties(first: 50, filter: { search: $search }) {
      totalCount
      nodes {
        reference
        name
        type
        status
        offboardingState
        manager { name }
        products { number name status }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}`;

const DASHBOARD = `query Dashboard($reference: String!) {
  party(reference: $reference) {
    id
    name
    type
    status
    offboardingState
    onboardedOn
    manager { name email }
    holdings {
      role
      startedOn
      endedOn
      product { number name status }
    }
    offboarding {
      status
      assignee { name }
      dueOn
      openProducts { number name }
    }
    offboardings(first: 10) {
      nodes { status resolution startedAt startedBy { name } closedAt closedBy { name } }
    }
    viewerCanStartOffboarding
  }
}`;

const TASKS = `
      nodes {
        subject {
          ... on Party { name reference }
          ... on Product { name number }
        }
        status
        assignee { name }
        dueOn
        startedAt
        startedBy { name }
      }`.replaceAll("\n  ", "\n");

const MY_TASKS = `query MyTasks {
  offboardings(
    first: 50
    filter: { assignedToMe: true, status: [OPEN, IN_PROGRESS, REVIEW] }
    orderBy: { field: DUE_ON }
  ) {
    totalCount${TASKS}
  }
}`;

const OVERDUE = `query OverdueTasks {
  offboardings(first: 50, filter: { overdue: true }, orderBy: { field: DUE_ON }) {
    totalCount${TASKS}
  }
}`;

const STATISTICS = `query Statistics {
  statistics {
    total
    byStatus { status count }
    byResolution { resolution count }
    byAssignee { assignee { name } count }
    ageInDays { fromDays toDays count }
    daysToDone { median p90 }
  }
}`;

const LOG = `query Log($offboarding: ID!) {
  offboarding(id: $offboarding) {
    status
    subject {
      ... on Party { name }
      ... on Product { name }
    }
    activity(first: 100) {
      nodes {
        occurredAt
        kind
        actor { name }
        changes { field before after }
      }
    }
  }
}`;

const STEPS = `# 1. Start. The id of what was started goes into the variables by itself.
mutation Step1_Start($party: ID!) {
  startPartyOffboarding(input: { partyId: $party, reason: CLIENT_REQUEST }) {
    ... on StartPartyOffboardingSuccess { offboarding { id status version } }
    ... on Error { code message }
  }
}

# 2. Work on it: the file is not complete yet.
mutation Step2_Work($offboarding: ID!) {
  saveOffboarding(
    input: { offboardingId: $offboarding, status: IN_PROGRESS, comment: "Asked for the last statements." }
  ) {
    ... on SaveOffboardingSuccess { offboarding { id status comment version } }
    ... on Error { code message }
  }
}

# 3. The file is complete: somebody must approve.
mutation Step3_Review($offboarding: ID!) {
  setOffboardingStatus(input: { offboardingId: $offboarding, status: REVIEW }) {
    ... on SetOffboardingStatusSuccess { offboarding { id status version } }
    ... on Error { code message }
  }
}

# 4. Done. This cannot be undone: the variable \`confirmation\` must be TERMINATE.
mutation Step4_Done($offboarding: ID!, $confirmation: String) {
  resolveOffboarding(
    input: { offboardingId: $offboarding, resolution: DONE, confirmation: $confirmation }
  ) {
    ... on ResolveOffboardingSuccess {
      offboarding {
        id
        status
        resolution
        isFinal
        closedAt
        subject { ... on Party { name status offboardingState retentionUntil } }
      }
    }
    ... on Error { code message }
  }
}`;

const LIVE = `subscription Live {
  activity {
    occurredAt
    kind
    actor { name }
    party { name reference }
    product { name number }
    changes { field before after }
  }
}`;

/** Return a text as a comment, in lines that fit beside an answer. */
function comment(text: string): string {
  return text.replace(/(.{1,56})(\s+|$)/g, "# $1\n").trimEnd();
}

/** Return the ready queries, about things that the viewer sees. */
export function readyQueries(samples: Samples, { demo }: Offers): Ready[] {
  // Outside of the demo nothing irreversible is filled in: what to end is for people to say.
  const steps = demo
    ? { party: samples.active ?? "", offboarding: "", confirmation: "TERMINATE" }
    : { party: "", offboarding: "", confirmation: "" };
  const ready = (title: string, explanation: string, query: string, variables = {}): Ready => ({
    title,
    explanation,
    query: `${comment(explanation)}\n${query}\n`,
    variables,
  });
  return [
    ready("Overview", "The client file as it is listed: the first fifty parties by name.", OVERVIEW, { search: "" }),
    ready("Dashboard", "One party with its products, its offboarding and what came before.", DASHBOARD, {
      reference: samples.party ?? "",
    }),
    ready("My tasks", "What is assigned to me and not done, the most urgent first.", MY_TASKS),
    ready("Overdue tasks", "Whatever should have been done by now, whoever has it.", OVERDUE),
    ready("Statistics", "How many offboardings there are, how old, and how long they take. See the chart.", STATISTICS),
    ready("Log", "Who did what to one offboarding, and when: the latest one that changed.", LOG, {
      offboarding: samples.offboarding ?? "",
    }),
    ready("Start to Done", "From start to Done in four steps: put the cursor into one, run it, go on to the next.", STEPS, steps),
    ready("Live", "What happens in the organisation, as it happens. Stop it with the same button.", LIVE),
  ];
}
