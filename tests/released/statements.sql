SELECT "require_products_terminated","created_at","id","name","retention_months","four_eyes" FROM "organisation" ORDER BY "id" ASC LIMIT $1
;
INSERT INTO "organisation" ("id","name","require_products_terminated","four_eyes","retention_months","created_at") VALUES ($1,$2,$3,$4,$5,$6)
;
INSERT INTO "user_group" ("id","name","description","permissions","organisation_id") VALUES ($1,$2,$3,$4,$5)
;
INSERT INTO "app_user" ("id","email","name","enabled","client_access","language","daily_digest","mail_key","created_at","updated_at","organisation_id") VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)
;
SELECT "organisation_id","permissions","description","id","name" FROM "user_group" WHERE "organisation_id"=$1 AND "name" IN ($2,$3)
;
SELECT "user_group_id" FROM "user_group_member" WHERE "user_id"=$1 AND "user_group_id" IN ($2,$3)
;
INSERT INTO "user_group_member" ("user_group_id","user_id") VALUES ($1,$2),($3,$4)
;
INSERT INTO "product" ("id","name","number","status","listed","opened_on","terminated_at","retention_until","created_at","updated_at","organisation_id","terminated_by_id") VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)
;
INSERT INTO "party" ("id","type","name","reference","email","status","listed","offboarded_at","retention_until","onboarded_on","created_at","updated_at","manager_id","offboarded_by_id","organisation_id") VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)
;
INSERT INTO "holding" ("id","role","started_on","ended_on","organisation_id","party_id","product_id") VALUES ($1,$2,$3,$4,$5,$6,$7)
;
SELECT "organisation_id","created_at","mail_key","language","client_access","name","enabled","updated_at","id","daily_digest","email" FROM "app_user" WHERE "organisation_id"=$1 ORDER BY "id" ASC LIMIT $2
;
INSERT INTO "offboarding" ("id","status","resolution","reason","comment","effective_on","due_on","started_at","updated_at","closed_at","version","assignee_id","closed_by_id","organisation_id","party_id","product_id","started_by_id") VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17)
;
INSERT INTO "outgoing_mail" ("id","kind","day","webhook_url","status","attempts","give_up_at","last_error","created_at","sent_at","offboarding_id","organisation_id","recipient_id","sender_id") VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14) RETURNING "due_at"
;
INSERT INTO "webhook" ("id","url","kinds","enabled","disabled_reason","secret","previous_secret","previous_secret_until","place","failures","failing_since","created_at","updated_at","created_by_id","organisation_id") VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15) RETURNING "due_at"
;
INSERT INTO "activity" ("kind","occurred_at","changes","actor_id","offboarding_id","organisation_id","party_id","product_id","user_id") VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9) RETURNING "id"
;
INSERT INTO "webhook_delivery" ("id","status","redelivery","attempts","response_status","last_error","created_at","attempted_at","delivered_at","activity_id","organisation_id","webhook_id") VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)
;
SELECT "organisation_id","permissions","description","id","name" FROM "user_group" WHERE "organisation_id"=$1 AND "name" IN ($2)
;
SELECT "user_group_id" FROM "user_group_member" WHERE "user_id"=$1 AND "user_group_id"=$2
;
INSERT INTO "user_group_member" ("user_group_id","user_id") VALUES ($1,$2)
;
INSERT INTO "api_token" ("id","name","scopes","hash","expires_at","revoked_at","last_used_at","created_at","organisation_id","user_id") VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)
;
SELECT "hash","organisation_id","created_at","scopes","user_id","expires_at","id","last_used_at","name","revoked_at" FROM "api_token" LIMIT $1
;
SELECT "user_group"."organisation_id","user_group"."permissions","user_group"."description","user_group"."id","user_group"."name" FROM "user_group" LEFT OUTER JOIN "user_group_member" ON "user_group"."id"="user_group_member"."user_group_id" WHERE "user_group_member"."user_id"=$1
;
select ('{"user":' || coalesce((select ('{"id":"user_' || t1.id || '","name":' || to_json(t1.name)::text || ',"email":' || to_json(t1.email)::text || ',"enabled":' || t1.enabled::text || ',"clientAccess":"' || t1.client_access || '","groups":' || (select ('[' || coalesce(string_agg(('{"id":"user_group_' || t2.id || '","name":' || to_json(t2.name)::text || ',"isDefault":' || coalesce(to_json((t2.name in ('Reader', 'Analyst', 'Officer', 'Approver', 'Administrator')))::text, 'null') || '}'), ',' order by t2.name collate "C"), '') || ']') from user_group_member m join user_group t2 on t2.id = m.user_group_id where m.user_id = t1.id and t2.organisation_id = $1::uuid) || '}') from app_user t1 where t1.id = $2::uuid and t1.organisation_id = $1::uuid), 'null') || ',"organisation":' || coalesce((select ('{"id":"organisation_' || t3.id || '","name":' || to_json(t3.name)::text || ',"fourEyes":' || t3.four_eyes::text || ',"requireProductsTerminated":' || t3.require_products_terminated::text || ',"retentionMonths":' || coalesce(t3.retention_months::text, 'null') || '}') from organisation t3 where true and t3.id = $1::uuid), 'null') || ',"permissions":' || coalesce(to_json($3::text[])::text, 'null') || ',"clientAccess":"OPEN","language":' || coalesce(to_json((select t4.language from app_user t4 where t4.id = $2::uuid))::text, 'null') || ',"dailyDigest":' || coalesce(to_json((select t5.daily_digest from app_user t5 where t5.id = $2::uuid))::text, 'null') || ',"openTaskCount":' || coalesce(to_json((select count(*) from offboarding t6 where t6.assignee_id = $2::uuid and t6.status <> 'DONE' and t6.organisation_id = $1::uuid and $4::boolean))::text, 'null') || '}')
;
select ('{"parties":' || (select ('{"totalCount":' || coalesce(to_json((select count(*) from party t2 where true and t2.organisation_id = $1::uuid and $2::boolean and t2.search @@ search_query($3::text, array['@' || $1::uuid]) and ((t2.status <> 'OFFBOARDED' and t2.id not in (select o.party_id from offboarding o where o.party_id is not null and o.status <> 'DONE' and o.organisation_id = $1::uuid))) and t2.listed and t2.search @@ '''@listed'''::tsquery))::text, 'null') || ',"nodes":[' || coalesce(string_agg(('{"id":"party_' || t1.id || '","type":"' || t1.type || '","reference":' || to_json(t1.reference)::text || ',"name":' || to_json(t1.name)::text || ',"email":' || coalesce(to_json(t1.email)::text, 'null') || ',"status":"' || t1.status || '","onboardedOn":' || coalesce(('"' || t1.onboarded_on || '"'), 'null') || ',"offboardedAt":' || coalesce(to_json(t1.offboarded_at)::text, 'null') || ',"retentionUntil":' || coalesce(('"' || t1.retention_until || '"'), 'null') || ',"createdAt":' || to_json(t1.created_at)::text || ',"updatedAt":' || to_json(t1.updated_at)::text || ',"offboardingState":' || coalesce(to_json((case when t1.status = 'OFFBOARDED' then 'OFFBOARDED' when exists (select from offboarding o where o.party_id = t1.id and o.status <> 'DONE') then 'PENDING' else 'NONE' end))::text, 'null') || ',"viewerCanStartOffboarding":' || coalesce(to_json((($4::boolean and t1.status = 'ACTIVE' and not exists (select from offboarding o where o.party_id = t1.id and o.status <> 'DONE'))))::text, 'null') || ',"manager":' || coalesce((select ('{"id":"user_' || t3.id || '"}') from app_user t3 where t3.id = t1.manager_id and t3.organisation_id = $1::uuid), 'null') || ',"holdings":' || (select ('[' || coalesce(string_agg(('{"role":"' || t4.role || '","startedOn":' || coalesce(('"' || t4.started_on || '"'), 'null') || ',"endedOn":' || coalesce(('"' || t4.ended_on || '"'), 'null') || ',"product":' || coalesce((select ('{"id":"product_' || t5.id || '"}') from product t5 where t5.id = t4.product_id and t5.organisation_id = $1::uuid and $2::boolean), 'null') || '}'), ',' order by t4.id), '') || ']') from holding t4 where t4.party_id = t1.id and t4.organisation_id = $1::uuid) || ',"products":' || (select ('[' || coalesce(string_agg(('{"id":"product_' || t6.id || '"}'), ',' order by t6.number), '') || ']') from holding h join product t6 on t6.id = h.product_id where h.party_id = t1.id and h.ended_on is null and t6.organisation_id = $1::uuid and $2::boolean) || ',"offboarding":' || coalesce((select ('{"id":"offboarding_' || t7.id || '"}') from offboarding t7 where t7.party_id = t1.id and t7.status <> 'DONE' and t7.organisation_id = $1::uuid and $2::boolean), 'null') || ',"offboardings":' || (select ('{"totalCount":' || coalesce(to_json((select count(*) from offboarding t9 where t9.party_id = t1.id and t9.organisation_id = $1::uuid and $2::boolean))::text, 'null') || ',"nodes":[' || coalesce(string_agg(('{"id":"offboarding_' || t8.id || '"}'), ','), '') || ']}') from (select t11.*, row_number() over () as place_ from (select t10.* from offboarding t10 where t10.party_id = t1.id and t10.organisation_id = $1::uuid and $2::boolean order by t10.started_at desc, t10.id desc limit 5) t11) t8 having true) || '}'), ',') filter (where t1.place_ <= 10), '') || '],"pageInfo":{"hasNextPage":' || coalesce(to_json((count(*) > 10))::text, 'null') || ',"hasPreviousPage":' || coalesce(to_json((false))::text, 'null') || ',"startCursor":' || coalesce(to_json(case when count(*) > 0 then translate(encode(convert_to(json_build_array('NAME ASC', (array_agg(t1.sort_name) filter (where t1.place_ <= 10))[1], (array_agg(t1.id) filter (where t1.place_ <= 10))[1])::text, 'UTF8'), 'base64'), E'\n', '') end)::text, 'null') || ',"endCursor":' || coalesce(to_json(case when count(*) > 0 then translate(encode(convert_to(json_build_array('NAME ASC', (array_agg(t1.sort_name) filter (where t1.place_ <= 10))[count(*) filter (where t1.place_ <= 10)], (array_agg(t1.id) filter (where t1.place_ <= 10))[count(*) filter (where t1.place_ <= 10)])::text, 'UTF8'), 'base64'), E'\n', '') end)::text, 'null') || '}}') from (select t13.*, row_number() over () as place_ from (select t12.* from party t12 where true and t12.organisation_id = $1::uuid and $2::boolean and t12.search @@ search_query($3::text, array['@' || $1::uuid]) and ((t12.status <> 'OFFBOARDED' and t12.id not in (select o.party_id from offboarding o where o.party_id is not null and o.status <> 'DONE' and o.organisation_id = $1::uuid))) and t12.listed and t12.search @@ '''@listed'''::tsquery order by t12.sort_name, t12.id limit 11) t13) t1 having true) || ',"products":' || (select ('{"totalCount":' || coalesce(to_json((select count(*) from product t15 where true and t15.organisation_id = $1::uuid and $2::boolean and t15.listed))::text, 'null') || ',"edges":[' || coalesce(string_agg(('{"cursor":"' || translate(encode(convert_to(json_build_array('NUMBER ASC', t14.number, t14.id)::text, 'UTF8'), 'base64'), E'\n', '') || '","node":{"id":"product_' || t14.id || '","number":' || to_json(t14.number)::text || ',"name":' || to_json(t14.name)::text || ',"status":"' || t14.status || '","openedOn":' || coalesce(('"' || t14.opened_on || '"'), 'null') || ',"terminatedAt":' || coalesce(to_json(t14.terminated_at)::text, 'null') || ',"retentionUntil":' || coalesce(('"' || t14.retention_until || '"'), 'null') || ',"createdAt":' || to_json(t14.created_at)::text || ',"updatedAt":' || to_json(t14.updated_at)::text || ',"offboardingState":' || coalesce(to_json((case when t14.status = 'TERMINATED' then 'OFFBOARDED' when exists (select from offboarding o where o.product_id = t14.id and o.status <> 'DONE') then 'PENDING' else 'NONE' end))::text, 'null') || ',"viewerCanStartOffboarding":' || coalesce(to_json((($5::boolean and t14.status = 'ACTIVE' and not exists (select from offboarding o where o.product_id = t14.id and o.status <> 'DONE'))))::text, 'null') || ',"holdings":' || (select ('[' || coalesce(string_agg(('{"role":"' || t16.role || '","party":' || coalesce((select ('{"id":"party_' || t17.id || '"}') from party t17 where t17.id = t16.party_id and t17.organisation_id = $1::uuid and $2::boolean), 'null') || '}'), ',' order by t16.id), '') || ']') from holding t16 where t16.product_id = t14.id and t16.organisation_id = $1::uuid) || ',"parties":' || (select ('[' || coalesce(string_agg(('{"id":"party_' || t18.id || '"}'), ',' order by t18.sort_name, t18.id), '') || ']') from holding h join party t18 on t18.id = h.party_id where h.product_id = t14.id and h.ended_on is null and t18.organisation_id = $1::uuid and $2::boolean) || ',"offboarding":' || coalesce((select ('{"id":"offboarding_' || t19.id || '"}') from offboarding t19 where t19.product_id = t14.id and t19.status <> 'DONE' and t19.organisation_id = $1::uuid and $2::boolean), 'null') || ',"offboardings":' || (select ('{"totalCount":' || coalesce(to_json((select count(*) from offboarding t21 where t21.product_id = t14.id and t21.organisation_id = $1::uuid and $2::boolean))::text, 'null') || ',"nodes":[' || coalesce(string_agg(('{"id":"offboarding_' || t20.id || '"}'), ','), '') || ']}') from (select t23.*, row_number() over () as place_ from (select t22.* from offboarding t22 where t22.product_id = t14.id and t22.organisation_id = $1::uuid and $2::boolean order by t22.started_at desc, t22.id desc limit 5) t23) t20 having true) || '}}'), ','), '') || ']}') from (select t25.*, row_number() over () as place_ from (select t24.* from product t24 where true and t24.organisation_id = $1::uuid and $2::boolean and t24.listed order by t24.number, t24.id limit 10) t25) t14 having true) || '}')
;
select coalesce((select ('{"id":"party_' || t1.id || '","type":"' || t1.type || '","reference":' || to_json(t1.reference)::text || ',"name":' || to_json(t1.name)::text || ',"email":' || coalesce(to_json(t1.email)::text, 'null') || ',"status":"' || t1.status || '","onboardedOn":' || coalesce(('"' || t1.onboarded_on || '"'), 'null') || ',"offboardedAt":' || coalesce(to_json(t1.offboarded_at)::text, 'null') || ',"retentionUntil":' || coalesce(('"' || t1.retention_until || '"'), 'null') || ',"createdAt":' || to_json(t1.created_at)::text || ',"updatedAt":' || to_json(t1.updated_at)::text || ',"offboardingState":' || coalesce(to_json((case when t1.status = 'OFFBOARDED' then 'OFFBOARDED' when exists (select from offboarding o where o.party_id = t1.id and o.status <> 'DONE') then 'PENDING' else 'NONE' end))::text, 'null') || ',"viewerCanStartOffboarding":' || coalesce(to_json((($2::boolean and t1.status = 'ACTIVE' and not exists (select from offboarding o where o.party_id = t1.id and o.status <> 'DONE'))))::text, 'null') || ',"manager":' || coalesce((select ('{"id":"user_' || t2.id || '"}') from app_user t2 where t2.id = t1.manager_id and t2.organisation_id = $3::uuid), 'null') || ',"holdings":' || (select ('[' || coalesce(string_agg(('{"role":"' || t3.role || '","startedOn":' || coalesce(('"' || t3.started_on || '"'), 'null') || ',"endedOn":' || coalesce(('"' || t3.ended_on || '"'), 'null') || ',"product":' || coalesce((select ('{"id":"product_' || t4.id || '"}') from product t4 where t4.id = t3.product_id and t4.organisation_id = $3::uuid and $4::boolean), 'null') || '}'), ',' order by t3.id), '') || ']') from holding t3 where t3.party_id = t1.id and t3.organisation_id = $3::uuid) || ',"products":' || (select ('[' || coalesce(string_agg(('{"id":"product_' || t5.id || '"}'), ',' order by t5.number), '') || ']') from holding h join product t5 on t5.id = h.product_id where h.party_id = t1.id and h.ended_on is null and t5.organisation_id = $3::uuid and $4::boolean) || ',"offboarding":' || coalesce((select ('{"id":"offboarding_' || t6.id || '"}') from offboarding t6 where t6.party_id = t1.id and t6.status <> 'DONE' and t6.organisation_id = $3::uuid and $4::boolean), 'null') || ',"offboardings":' || (select ('{"totalCount":' || coalesce(to_json((select count(*) from offboarding t8 where t8.party_id = t1.id and t8.organisation_id = $3::uuid and $4::boolean))::text, 'null') || ',"nodes":[' || coalesce(string_agg(('{"id":"offboarding_' || t7.id || '"}'), ','), '') || ']}') from (select t10.*, row_number() over () as place_ from (select t9.* from offboarding t9 where t9.party_id = t1.id and t9.organisation_id = $3::uuid and $4::boolean order by t9.started_at desc, t9.id desc limit 5) t10) t7 having true) || '}') from party t1 where t1.id = $1::uuid and t1.organisation_id = $3::uuid and $4::boolean), 'null')
;
select coalesce((select ('{"id":"product_' || t1.id || '","number":' || to_json(t1.number)::text || ',"name":' || to_json(t1.name)::text || ',"status":"' || t1.status || '","openedOn":' || coalesce(('"' || t1.opened_on || '"'), 'null') || ',"terminatedAt":' || coalesce(to_json(t1.terminated_at)::text, 'null') || ',"retentionUntil":' || coalesce(('"' || t1.retention_until || '"'), 'null') || ',"createdAt":' || to_json(t1.created_at)::text || ',"updatedAt":' || to_json(t1.updated_at)::text || ',"offboardingState":' || coalesce(to_json((case when t1.status = 'TERMINATED' then 'OFFBOARDED' when exists (select from offboarding o where o.product_id = t1.id and o.status <> 'DONE') then 'PENDING' else 'NONE' end))::text, 'null') || ',"viewerCanStartOffboarding":' || coalesce(to_json((($2::boolean and t1.status = 'ACTIVE' and not exists (select from offboarding o where o.product_id = t1.id and o.status <> 'DONE'))))::text, 'null') || ',"holdings":' || (select ('[' || coalesce(string_agg(('{"role":"' || t2.role || '","party":' || coalesce((select ('{"id":"party_' || t3.id || '"}') from party t3 where t3.id = t2.party_id and t3.organisation_id = $3::uuid and $4::boolean), 'null') || '}'), ',' order by t2.id), '') || ']') from holding t2 where t2.product_id = t1.id and t2.organisation_id = $3::uuid) || ',"parties":' || (select ('[' || coalesce(string_agg(('{"id":"party_' || t4.id || '"}'), ',' order by t4.sort_name, t4.id), '') || ']') from holding h join party t4 on t4.id = h.party_id where h.product_id = t1.id and h.ended_on is null and t4.organisation_id = $3::uuid and $4::boolean) || ',"offboarding":' || coalesce((select ('{"id":"offboarding_' || t5.id || '"}') from offboarding t5 where t5.product_id = t1.id and t5.status <> 'DONE' and t5.organisation_id = $3::uuid and $4::boolean), 'null') || ',"offboardings":' || (select ('{"totalCount":' || coalesce(to_json((select count(*) from offboarding t7 where t7.product_id = t1.id and t7.organisation_id = $3::uuid and $4::boolean))::text, 'null') || ',"nodes":[' || coalesce(string_agg(('{"id":"offboarding_' || t6.id || '"}'), ','), '') || ']}') from (select t9.*, row_number() over () as place_ from (select t8.* from offboarding t8 where t8.product_id = t1.id and t8.organisation_id = $3::uuid and $4::boolean order by t8.started_at desc, t8.id desc limit 5) t9) t6 having true) || '}') from product t1 where t1.id = $1::uuid and t1.organisation_id = $3::uuid and $4::boolean), 'null')
;
select (select case t1.type when 'UserGroup' then coalesce((select ('{"__typename":"UserGroup","id":"user_group_' || t2.id || '"}') from user_group t2 where t2.id = t1.key::uuid and t2.organisation_id = $1::uuid), 'null') when 'User' then coalesce((select ('{"__typename":"User","id":"user_' || t3.id || '"}') from app_user t3 where t3.id = t1.key::uuid and t3.organisation_id = $1::uuid), 'null') when 'ApiToken' then coalesce((select ('{"__typename":"ApiToken","id":"api_token_' || t4.id || '"}') from api_token t4 where t4.id = t1.key::uuid and t4.organisation_id = $1::uuid and $2::boolean), 'null') when 'WebhookDelivery' then coalesce((select ('{"__typename":"WebhookDelivery","id":"webhook_delivery_' || t5.id || '"}') from webhook_delivery t5 where t5.id = t1.key::uuid and t5.organisation_id = $1::uuid and $2::boolean), 'null') when 'Webhook' then coalesce((select ('{"__typename":"Webhook","id":"webhook_' || t6.id || '"}') from webhook t6 where t6.id = t1.key::uuid and t6.organisation_id = $1::uuid and $2::boolean), 'null') when 'Activity' then coalesce((select ('{"__typename":"Activity","id":"activity_' || t7.id || '"}') from activity t7 where t7.id = t1.key::bigint and t7.organisation_id = $1::uuid and case when t7.kind in ('USER_INVITED', 'ACCESS_CHANGED', 'GROUP_CREATED', 'GROUP_CHANGED', 'GROUP_DELETED', 'API_TOKEN_CREATED', 'API_TOKEN_REVOKED') then $2::boolean else $3::boolean end), 'null') when 'Offboarding' then coalesce((select ('{"__typename":"Offboarding","id":"offboarding_' || t8.id || '"}') from offboarding t8 where t8.id = t1.key::uuid and t8.organisation_id = $1::uuid and $3::boolean), 'null') when 'Party' then coalesce((select ('{"__typename":"Party","id":"party_' || t9.id || '"}') from party t9 where t9.id = t1.key::uuid and t9.organisation_id = $1::uuid and $3::boolean), 'null') when 'Product' then coalesce((select ('{"__typename":"Product","id":"product_' || t10.id || '"}') from product t10 where t10.id = t1.key::uuid and t10.organisation_id = $1::uuid and $3::boolean), 'null') when 'OutgoingMail' then coalesce((select ('{"__typename":"OutgoingMail","id":"outgoing_mail_' || t11.id || '"}') from outgoing_mail t11 where t11.id = t1.key::uuid and t11.organisation_id = $1::uuid and $2::boolean), 'null') when 'Organisation' then coalesce((select ('{"__typename":"Organisation","id":"organisation_' || t12.id || '"}') from organisation t12 where t12.id = t1.key::uuid and t12.id = $1::uuid), 'null') else 'null' end from unnest($4::text[], $5::text[]) with ordinality t1(type, key, place))
;
select (select ('[' || coalesce(string_agg(case t1.type when 'UserGroup' then coalesce((select ('{"__typename":"UserGroup","id":"user_group_' || t2.id || '"}') from user_group t2 where t2.id = t1.key::uuid and t2.organisation_id = $1::uuid), 'null') when 'User' then coalesce((select ('{"__typename":"User","id":"user_' || t3.id || '"}') from app_user t3 where t3.id = t1.key::uuid and t3.organisation_id = $1::uuid), 'null') when 'ApiToken' then coalesce((select ('{"__typename":"ApiToken","id":"api_token_' || t4.id || '"}') from api_token t4 where t4.id = t1.key::uuid and t4.organisation_id = $1::uuid and $2::boolean), 'null') when 'WebhookDelivery' then coalesce((select ('{"__typename":"WebhookDelivery","id":"webhook_delivery_' || t5.id || '"}') from webhook_delivery t5 where t5.id = t1.key::uuid and t5.organisation_id = $1::uuid and $2::boolean), 'null') when 'Webhook' then coalesce((select ('{"__typename":"Webhook","id":"webhook_' || t6.id || '"}') from webhook t6 where t6.id = t1.key::uuid and t6.organisation_id = $1::uuid and $2::boolean), 'null') when 'Activity' then coalesce((select ('{"__typename":"Activity","id":"activity_' || t7.id || '"}') from activity t7 where t7.id = t1.key::bigint and t7.organisation_id = $1::uuid and case when t7.kind in ('USER_INVITED', 'ACCESS_CHANGED', 'GROUP_CREATED', 'GROUP_CHANGED', 'GROUP_DELETED', 'API_TOKEN_CREATED', 'API_TOKEN_REVOKED') then $2::boolean else $3::boolean end), 'null') when 'Offboarding' then coalesce((select ('{"__typename":"Offboarding","id":"offboarding_' || t8.id || '"}') from offboarding t8 where t8.id = t1.key::uuid and t8.organisation_id = $1::uuid and $3::boolean), 'null') when 'Party' then coalesce((select ('{"__typename":"Party","id":"party_' || t9.id || '"}') from party t9 where t9.id = t1.key::uuid and t9.organisation_id = $1::uuid and $3::boolean), 'null') when 'Product' then coalesce((select ('{"__typename":"Product","id":"product_' || t10.id || '"}') from product t10 where t10.id = t1.key::uuid and t10.organisation_id = $1::uuid and $3::boolean), 'null') when 'OutgoingMail' then coalesce((select ('{"__typename":"OutgoingMail","id":"outgoing_mail_' || t11.id || '"}') from outgoing_mail t11 where t11.id = t1.key::uuid and t11.organisation_id = $1::uuid and $2::boolean), 'null') when 'Organisation' then coalesce((select ('{"__typename":"Organisation","id":"organisation_' || t12.id || '"}') from organisation t12 where t12.id = t1.key::uuid and t12.id = $1::uuid), 'null') else 'null' end, ',' order by t1.place), '') || ']') from unnest($4::text[], $5::text[]) with ordinality t1(type, key, place))
;
select coalesce((select (('{"id":"offboarding_' || t1.id || '","status":"' || t1.status || '","resolution":' || coalesce(('"' || t1.resolution || '"'), 'null') || ',"reason":' || coalesce(to_json((case when $2::boolean then t1.reason end))::text, 'null') || ',"comment":' || coalesce(to_json((case when $2::boolean then t1.comment end))::text, 'null') || ',"effectiveOn":' || coalesce(('"' || t1.effective_on || '"'), 'null') || ',"dueOn":' || coalesce(('"' || t1.due_on || '"'), 'null') || ',"startedAt":' || to_json(t1.started_at)::text || ',"updatedAt":' || to_json(t1.updated_at)::text || ',"closedAt":' || coalesce(to_json(t1.closed_at)::text, 'null') || ',"version":' || t1.version::text || ',"isFinal":' || coalesce(to_json(((t1.status = 'DONE')))::text, 'null') || ',"viewerCanEdit":' || coalesce(to_json(((t1.status <> 'DONE' and case when t1.party_id is not null then $3::boolean else $4::boolean end)))::text, 'null') || ',"viewerCanResolve":' || coalesce(to_json(((t1.status <> 'DONE' and case when t1.party_id is not null then $5::boolean else $6::boolean end)))::text, 'null') || ',"startedBy":' || coalesce((select ('{"id":"user_' || t2.id || '","name":' || to_json(t2.name)::text || ',"email":' || to_json(t2.email)::text || ',"enabled":' || t2.enabled::text || ',"clientAccess":"' || t2.client_access || '","groups":' || (select ('[' || coalesce(string_agg(('{"id":"user_group_' || t3.id || '","name":' || to_json(t3.name)::text || ',"isDefault":' || coalesce(to_json((t3.name in ('Reader', 'Analyst', 'Officer', 'Approver', 'Administrator')))::text, 'null') || '}'), ',' order by t3.name collate "C"), '') || ']') from user_group_member m join user_group t3 on t3.id = m.user_group_id where m.user_id = t2.id and t3.organisation_id = $7::uuid) || '}') from app_user t2 where t2.id = t1.started_by_id and t2.organisation_id = $7::uuid), 'null') || ',"closedBy":' || coalesce((select ('{"id":"user_' || t4.id || '"}') from app_user t4 where t4.id = t1.closed_by_id and t4.organisation_id = $7::uuid), 'null') || ',"assignee":' || coalesce((select ('{"id":"user_' || t5.id || '","name":' || to_json(t5.name)::text || '}') from app_user t5 where t5.id = t1.assignee_id and t5.organisation_id = $7::uuid), 'null') || ',"openProducts":' || (select ('[' || coalesce(string_agg(('{"id":"product_' || t6.id || '"}'), ',' order by t6.number), '') || ']') from holding h join product t6 on t6.id = h.product_id where h.party_id = t1.party_id and h.ended_on is null and h.role in ('OWNER', 'JOINT_OWNER') and t6.status = 'ACTIVE' and t6.organisation_id = $7::uuid and $8::boolean) || ',"subject":' || case when t1.party_id is not null then coalesce((select ('{"__typename":"Party","id":"party_' || t7.id || '","name":' || to_json(t7.name)::text || '}') from party t7 where t7.id = t1.party_id and t7.organisation_id = $7::uuid and $8::boolean), 'null') when t1.product_id is not null then coalesce((select ('{"__typename":"Product","id":"product_' || t8.id || '","number":' || to_json(t8.number)::text || '}') from product t8 where t8.id = t1.product_id and t8.organisation_id = $7::uuid and $8::boolean), 'null') else 'null' end || ',"activity":' || (select ('{"nodes":[' || coalesce(string_agg(('{"id":"activity_' || t9.id || '","cursor":' || coalesce(to_json((translate(encode(convert_to(json_build_array('ID ASC', t9.id)::text, 'UTF8'), 'base64'), E'\n', '')))::text, 'null') || ',"kind":"' || t9.kind || '","occurredAt":' || to_json(t9.occurred_at)::text || ',"changes":' || (select ('[' || coalesce(string_agg(('{"field":' || coalesce(to_json(t10.value ->> 'field')::text, 'null') || ',"before":' || coalesce(to_json(case when t10.value ->> 'field' not in ('reason', 'comment') or $2::boolean then t10.value ->> 'before' end)::text, 'null') || ',"after":' || coalesce(to_json(case when t10.value ->> 'field' not in ('reason', 'comment') or $2::boolean then t10.value ->> 'after' end)::text, 'null') || '}'), ','), '') || ']') from jsonb_array_elements(t9.changes) t10) || ',"actor":' || coalesce((select ('{"id":"user_' || t11.id || '"}') from app_user t11 where t11.id = t9.actor_id and t11.organisation_id = $7::uuid), 'null') || ',"user":' || coalesce((select ('{"id":"user_' || t12.id || '"}') from app_user t12 where t12.id = t9.user_id and t12.organisation_id = $7::uuid), 'null') || ',"party":' || coalesce((select ('{"id":"party_' || t13.id || '"}') from party t13 where t13.id = t9.party_id and t13.organisation_id = $7::uuid and $8::boolean), 'null') || ',"product":' || coalesce((select ('{"id":"product_' || t14.id || '"}') from product t14 where t14.id = t9.product_id and t14.organisation_id = $7::uuid and $8::boolean), 'null') || ',"offboarding":' || coalesce((select ('{"id":"offboarding_' || t15.id || '"}') from offboarding t15 where t15.id = t9.offboarding_id and t15.organisation_id = $7::uuid and $8::boolean), 'null') || '}'), ',') filter (where t9.place_ <= 5), '') || '],"pageInfo":{"hasNextPage":' || coalesce(to_json((count(*) > 5))::text, 'null') || ',"endCursor":' || coalesce(to_json(case when count(*) > 0 then translate(encode(convert_to(json_build_array('ID ASC', (array_agg(t9.id) filter (where t9.place_ <= 5))[count(*) filter (where t9.place_ <= 5)])::text, 'UTF8'), 'base64'), E'\n', '') end)::text, 'null') || '}}') from (select t17.*, row_number() over () as place_ from (select t16.* from activity t16 where t16.offboarding_id = t1.id and t16.organisation_id = $7::uuid and case when t16.kind in ('USER_INVITED', 'ACCESS_CHANGED', 'GROUP_CREATED', 'GROUP_CHANGED', 'GROUP_DELETED', 'API_TOKEN_CREATED', 'API_TOKEN_REVOKED') then $9::boolean else $8::boolean end order by t16.id limit 6) t17) t9 having true)) || ('}')) from offboarding t1 where t1.id = $1::uuid and t1.organisation_id = $7::uuid and $8::boolean), 'null')
;
select (select ('{"totalCount":' || coalesce(to_json((select count(*) from offboarding t2 where true and t2.organisation_id = $1::uuid and $2::boolean and (t2.status = 'OPEN' or t2.status = 'IN_PROGRESS' or t2.status = 'REVIEW') and t2.assignee_id = $3::uuid))::text, 'null') || ',"nodes":[' || coalesce(string_agg((('{"id":"offboarding_' || t1.id || '","status":"' || t1.status || '","resolution":' || coalesce(('"' || t1.resolution || '"'), 'null') || ',"reason":' || coalesce(to_json((case when $4::boolean then t1.reason end))::text, 'null') || ',"comment":' || coalesce(to_json((case when $4::boolean then t1.comment end))::text, 'null') || ',"effectiveOn":' || coalesce(('"' || t1.effective_on || '"'), 'null') || ',"dueOn":' || coalesce(('"' || t1.due_on || '"'), 'null') || ',"startedAt":' || to_json(t1.started_at)::text || ',"updatedAt":' || to_json(t1.updated_at)::text || ',"closedAt":' || coalesce(to_json(t1.closed_at)::text, 'null') || ',"version":' || t1.version::text || ',"isFinal":' || coalesce(to_json(((t1.status = 'DONE')))::text, 'null') || ',"viewerCanEdit":' || coalesce(to_json(((t1.status <> 'DONE' and case when t1.party_id is not null then $5::boolean else $6::boolean end)))::text, 'null') || ',"viewerCanResolve":' || coalesce(to_json(((t1.status <> 'DONE' and case when t1.party_id is not null then $7::boolean else $8::boolean end)))::text, 'null') || ',"startedBy":' || coalesce((select ('{"id":"user_' || t3.id || '","name":' || to_json(t3.name)::text || ',"email":' || to_json(t3.email)::text || ',"enabled":' || t3.enabled::text || ',"clientAccess":"' || t3.client_access || '","groups":' || (select ('[' || coalesce(string_agg(('{"id":"user_group_' || t4.id || '","name":' || to_json(t4.name)::text || ',"isDefault":' || coalesce(to_json((t4.name in ('Reader', 'Analyst', 'Officer', 'Approver', 'Administrator')))::text, 'null') || '}'), ',' order by t4.name collate "C"), '') || ']') from user_group_member m join user_group t4 on t4.id = m.user_group_id where m.user_id = t3.id and t4.organisation_id = $1::uuid) || '}') from app_user t3 where t3.id = t1.started_by_id and t3.organisation_id = $1::uuid), 'null') || ',"closedBy":' || coalesce((select ('{"id":"user_' || t5.id || '"}') from app_user t5 where t5.id = t1.closed_by_id and t5.organisation_id = $1::uuid), 'null') || ',"assignee":' || coalesce((select ('{"id":"user_' || t6.id || '","name":' || to_json(t6.name)::text || '}') from app_user t6 where t6.id = t1.assignee_id and t6.organisation_id = $1::uuid), 'null') || ',"openProducts":' || (select ('[' || coalesce(string_agg(('{"id":"product_' || t7.id || '"}'), ',' order by t7.number), '') || ']') from holding h join product t7 on t7.id = h.product_id where h.party_id = t1.party_id and h.ended_on is null and h.role in ('OWNER', 'JOINT_OWNER') and t7.status = 'ACTIVE' and t7.organisation_id = $1::uuid and $2::boolean) || ',"subject":' || case when t1.party_id is not null then coalesce((select ('{"__typename":"Party","id":"party_' || t8.id || '","name":' || to_json(t8.name)::text || '}') from party t8 where t8.id = t1.party_id and t8.organisation_id = $1::uuid and $2::boolean), 'null') when t1.product_id is not null then coalesce((select ('{"__typename":"Product","id":"product_' || t9.id || '","number":' || to_json(t9.number)::text || '}') from product t9 where t9.id = t1.product_id and t9.organisation_id = $1::uuid and $2::boolean), 'null') else 'null' end || ',"activity":' || (select ('{"nodes":[' || coalesce(string_agg(('{"id":"activity_' || t10.id || '","cursor":' || coalesce(to_json((translate(encode(convert_to(json_build_array('ID ASC', t10.id)::text, 'UTF8'), 'base64'), E'\n', '')))::text, 'null') || ',"kind":"' || t10.kind || '","occurredAt":' || to_json(t10.occurred_at)::text || ',"changes":' || (select ('[' || coalesce(string_agg(('{"field":' || coalesce(to_json(t11.value ->> 'field')::text, 'null') || ',"before":' || coalesce(to_json(case when t11.value ->> 'field' not in ('reason', 'comment') or $4::boolean then t11.value ->> 'before' end)::text, 'null') || ',"after":' || coalesce(to_json(case when t11.value ->> 'field' not in ('reason', 'comment') or $4::boolean then t11.value ->> 'after' end)::text, 'null') || '}'), ','), '') || ']') from jsonb_array_elements(t10.changes) t11) || ',"actor":' || coalesce((select ('{"id":"user_' || t12.id || '"}') from app_user t12 where t12.id = t10.actor_id and t12.organisation_id = $1::uuid), 'null') || ',"user":' || coalesce((select ('{"id":"user_' || t13.id || '"}') from app_user t13 where t13.id = t10.user_id and t13.organisation_id = $1::uuid), 'null') || ',"party":' || coalesce((select ('{"id":"party_' || t14.id || '"}') from party t14 where t14.id = t10.party_id and t14.organisation_id = $1::uuid and $2::boolean), 'null') || ',"product":' || coalesce((select ('{"id":"product_' || t15.id || '"}') from product t15 where t15.id = t10.product_id and t15.organisation_id = $1::uuid and $2::boolean), 'null') || ',"offboarding":' || coalesce((select ('{"id":"offboarding_' || t16.id || '"}') from offboarding t16 where t16.id = t10.offboarding_id and t16.organisation_id = $1::uuid and $2::boolean), 'null') || '}'), ',') filter (where t10.place_ <= 5), '') || '],"pageInfo":{"hasNextPage":' || coalesce(to_json((count(*) > 5))::text, 'null') || ',"endCursor":' || coalesce(to_json(case when count(*) > 0 then translate(encode(convert_to(json_build_array('ID ASC', (array_agg(t10.id) filter (where t10.place_ <= 5))[count(*) filter (where t10.place_ <= 5)])::text, 'UTF8'), 'base64'), E'\n', '') end)::text, 'null') || '}}') from (select t18.*, row_number() over () as place_ from (select t17.* from activity t17 where t17.offboarding_id = t1.id and t17.organisation_id = $1::uuid and case when t17.kind in ('USER_INVITED', 'ACCESS_CHANGED', 'GROUP_CREATED', 'GROUP_CHANGED', 'GROUP_DELETED', 'API_TOKEN_CREATED', 'API_TOKEN_REVOKED') then $9::boolean else $2::boolean end order by t17.id limit 6) t18) t10 having true)) || ('}')), ','), '') || ']}') from (select t20.*, row_number() over () as place_ from (select t19.* from offboarding t19 where true and t19.organisation_id = $1::uuid and $2::boolean and (t19.status = 'OPEN' or t19.status = 'IN_PROGRESS' or t19.status = 'REVIEW') and t19.assignee_id = $3::uuid order by t19.started_at desc, t19.id desc limit 10) t20) t1 having true)
;
select (select ('{"nodes":[' || coalesce(string_agg(('{"id":"user_' || t1.id || '","name":' || to_json(t1.name)::text || '}'), ','), '') || ']}') from (select t3.*, row_number() over () as place_ from (select t2.* from app_user t2 where t2.enabled and t2.organisation_id = $1::uuid and array_to_tsvector(search_words(t2.name || ' ' || t2.email)) @@ search_query($2::text, '{}') order by sort_key(t2.name) collate "C", t2.id limit 10) t3) t1 having true)
;
select (select ('{"nodes":[' || coalesce(string_agg(('{"id":"activity_' || t1.id || '","cursor":' || coalesce(to_json((translate(encode(convert_to(json_build_array('ID ASC', t1.id)::text, 'UTF8'), 'base64'), E'\n', '')))::text, 'null') || ',"kind":"' || t1.kind || '","occurredAt":' || to_json(t1.occurred_at)::text || ',"changes":' || (select ('[' || coalesce(string_agg(('{"field":' || coalesce(to_json(t2.value ->> 'field')::text, 'null') || ',"before":' || coalesce(to_json(case when t2.value ->> 'field' not in ('reason', 'comment') or $1::boolean then t2.value ->> 'before' end)::text, 'null') || ',"after":' || coalesce(to_json(case when t2.value ->> 'field' not in ('reason', 'comment') or $1::boolean then t2.value ->> 'after' end)::text, 'null') || '}'), ','), '') || ']') from jsonb_array_elements(t1.changes) t2) || ',"actor":' || coalesce((select ('{"id":"user_' || t3.id || '"}') from app_user t3 where t3.id = t1.actor_id and t3.organisation_id = $2::uuid), 'null') || ',"user":' || coalesce((select ('{"id":"user_' || t4.id || '"}') from app_user t4 where t4.id = t1.user_id and t4.organisation_id = $2::uuid), 'null') || ',"party":' || coalesce((select ('{"id":"party_' || t5.id || '"}') from party t5 where t5.id = t1.party_id and t5.organisation_id = $2::uuid and $3::boolean), 'null') || ',"product":' || coalesce((select ('{"id":"product_' || t6.id || '"}') from product t6 where t6.id = t1.product_id and t6.organisation_id = $2::uuid and $3::boolean), 'null') || ',"offboarding":' || coalesce((select ('{"id":"offboarding_' || t7.id || '"}') from offboarding t7 where t7.id = t1.offboarding_id and t7.organisation_id = $2::uuid and $3::boolean), 'null') || '}'), ',') filter (where t1.place_ <= 10), '') || '],"pageInfo":{"hasNextPage":' || coalesce(to_json((count(*) > 10))::text, 'null') || ',"endCursor":' || coalesce(to_json(case when count(*) > 0 then translate(encode(convert_to(json_build_array('ID ASC', (array_agg(t1.id) filter (where t1.place_ <= 10))[count(*) filter (where t1.place_ <= 10)])::text, 'UTF8'), 'base64'), E'\n', '') end)::text, 'null') || '}}') from (select t9.*, row_number() over () as place_ from (select t8.* from activity t8 where true and t8.organisation_id = $2::uuid and case when t8.kind in ('USER_INVITED', 'ACCESS_CHANGED', 'GROUP_CREATED', 'GROUP_CHANGED', 'GROUP_DELETED', 'API_TOKEN_CREATED', 'API_TOKEN_REVOKED') then $4::boolean else $3::boolean end order by t8.id limit 11) t9) t1 having true)
;
select (with o as materialized (select x.status, x.resolution, x.assignee_id, x.started_at, x.closed_at from offboarding x where x.organisation_id = $1::uuid and $2::boolean) select ('{"total":' || coalesce(to_json((select count(*) from o))::text, 'null') || ',"byStatus":' || (select ('[' || coalesce(string_agg(('{"status":"' || g.value || '","count":' || coalesce(to_json(g.count)::text, 'null') || '}'), ',' order by g.count desc, g.value), '') || ']') from (select status as value, count(*) from o where true group by 1) g) || ',"byResolution":' || (select ('[' || coalesce(string_agg(('{"resolution":"' || g.value || '","count":' || coalesce(to_json(g.count)::text, 'null') || '}'), ',' order by g.count desc, g.value), '') || ']') from (select resolution as value, count(*) from o where resolution is not null group by 1) g) || ',"byAssignee":' || (select ('[' || coalesce(string_agg(('{"assignee":' || coalesce((select ('{"id":"user_' || t1.id || '"}') from app_user t1 where t1.id = g.value and t1.organisation_id = $1::uuid), 'null') || ',"count":' || coalesce(to_json(g.count)::text, 'null') || '}'), ',' order by g.count desc, g.value), '') || ']') from (select assignee_id as value, count(*) from o where true group by 1) g) || ',"ageInDays":' || (select ('[' || coalesce(string_agg(('{"fromDays":' || coalesce(to_json(g.first)::text, 'null') || ',"toDays":' || coalesce(to_json(g.last)::text, 'null') || ',"count":' || coalesce(to_json((select count(*) from o where o.status <> 'DONE' and ((now() at time zone 'UTC')::date - (o.started_at at time zone 'UTC')::date) >= g.first and (g.last is null or ((now() at time zone 'UTC')::date - (o.started_at at time zone 'UTC')::date) <= g.last)))::text, 'null') || '}'), ',' order by g.first), '') || ']') from (values (0, 7), (8, 30), (31, 90), (91, null)) g(first, last)) || ',"daysToDone":{"median":' || coalesce(to_json((select percentile_cont(0.5) within group (order by extract(epoch from o.closed_at - o.started_at) / 86400) from o where o.status = 'DONE'))::text, 'null') || ',"p90":' || coalesce(to_json((select percentile_cont(0.9) within group (order by extract(epoch from o.closed_at - o.started_at) / 86400) from o where o.status = 'DONE'))::text, 'null') || '}}'))
;
select (select ('{"nodes":[' || coalesce(string_agg(('{"id":"user_' || t1.id || '","name":' || to_json(t1.name)::text || ',"email":' || to_json(t1.email)::text || ',"enabled":' || t1.enabled::text || ',"clientAccess":"' || t1.client_access || '","groups":' || (select ('[' || coalesce(string_agg(('{"id":"user_group_' || t2.id || '","name":' || to_json(t2.name)::text || ',"isDefault":' || coalesce(to_json((t2.name in ('Reader', 'Analyst', 'Officer', 'Approver', 'Administrator')))::text, 'null') || '}'), ',' order by t2.name collate "C"), '') || ']') from user_group_member m join user_group t2 on t2.id = m.user_group_id where m.user_id = t1.id and t2.organisation_id = $1::uuid) || '}'), ','), '') || ']}') from (select t4.*, row_number() over () as place_ from (select t3.* from app_user t3 where true and t3.organisation_id = $1::uuid order by sort_key(t3.name) collate "C", t3.id limit 10) t4) t1 having true)
;
select (select ('{"nodes":[' || coalesce(string_agg(('{"id":"user_group_' || t1.id || '","name":' || to_json(t1.name)::text || ',"description":' || to_json(t1.description)::text || ',"isDefault":' || coalesce(to_json((t1.name in ('Reader', 'Analyst', 'Officer', 'Approver', 'Administrator')))::text, 'null') || ',"memberCount":' || coalesce(to_json(((select count(*) from user_group_member m where m.user_group_id = t1.id)))::text, 'null') || ',"permissions":' || to_json(t1.permissions)::text || '}'), ','), '') || ']}') from (select t3.*, row_number() over () as place_ from (select t2.* from user_group t2 where true and t2.organisation_id = $1::uuid order by sort_key(t2.name) collate "C", t2.id limit 10) t3) t1 having true)
;
select (select ('{"nodes":[' || coalesce(string_agg(('{"id":"api_token_' || t1.id || '","name":' || to_json(t1.name)::text || ',"scopes":' || coalesce(to_json(t1.scopes)::text, 'null') || ',"createdAt":' || to_json(t1.created_at)::text || ',"expiresAt":' || to_json(t1.expires_at)::text || ',"lastUsedAt":' || coalesce(to_json(t1.last_used_at)::text, 'null') || ',"revokedAt":' || coalesce(to_json(t1.revoked_at)::text, 'null') || ',"user":' || coalesce((select ('{"id":"user_' || t2.id || '"}') from app_user t2 where t2.id = t1.user_id and t2.organisation_id = $1::uuid), 'null') || '}'), ','), '') || ']}') from (select t4.*, row_number() over () as place_ from (select t3.* from api_token t3 where true and t3.organisation_id = $1::uuid and $2::boolean order by t3.created_at desc, t3.id desc limit 10) t4) t1 having true)
;
select (select ('{"nodes":[' || coalesce(string_agg(('{"id":"outgoing_mail_' || t1.id || '","kind":"' || t1.kind || '","status":"' || t1.status || '","attempts":' || t1.attempts::text || ',"day":' || coalesce(('"' || t1.day || '"'), 'null') || ',"createdAt":' || to_json(t1.created_at)::text || ',"nextAttemptAt":' || coalesce(to_json((case when t1.status = 'QUEUED' then t1.due_at end))::text, 'null') || ',"sentAt":' || coalesce(to_json(t1.sent_at)::text, 'null') || ',"lastError":' || coalesce(to_json(t1.last_error)::text, 'null') || ',"recipient":' || coalesce((select ('{"id":"user_' || t2.id || '"}') from app_user t2 where t2.id = t1.recipient_id and t2.organisation_id = $1::uuid), 'null') || ',"sender":' || coalesce((select ('{"id":"user_' || t3.id || '"}') from app_user t3 where t3.id = t1.sender_id and t3.organisation_id = $1::uuid), 'null') || ',"offboarding":' || coalesce((select ('{"id":"offboarding_' || t4.id || '"}') from offboarding t4 where t4.id = t1.offboarding_id and t4.organisation_id = $1::uuid and $2::boolean), 'null') || '}'), ','), '') || ']}') from (select t6.*, row_number() over () as place_ from (select t5.* from outgoing_mail t5 where true and t5.organisation_id = $1::uuid and $3::boolean order by t5.created_at desc, t5.id desc limit 10) t6) t1 having true)
;
select (select ('{"nodes":[' || coalesce(string_agg(('{"id":"webhook_' || t1.id || '","url":' || to_json(t1.url)::text || ',"kinds":' || coalesce(to_json(t1.kinds)::text, 'null') || ',"enabled":' || t1.enabled::text || ',"disabledReason":' || coalesce(to_json(t1.disabled_reason)::text, 'null') || ',"failures":' || t1.failures::text || ',"failingSince":' || coalesce(to_json(t1.failing_since)::text, 'null') || ',"createdAt":' || to_json(t1.created_at)::text || ',"updatedAt":' || to_json(t1.updated_at)::text || ',"createdBy":' || coalesce((select ('{"id":"user_' || t2.id || '"}') from app_user t2 where t2.id = t1.created_by_id and t2.organisation_id = $1::uuid), 'null') || '}'), ','), '') || ']}') from (select t4.*, row_number() over () as place_ from (select t3.* from webhook t3 where true and t3.organisation_id = $1::uuid and $2::boolean order by t3.created_at, t3.id limit 10) t4) t1 having true)
;
select (select ('{"nodes":[' || coalesce(string_agg(('{"id":"webhook_delivery_' || t1.id || '","status":"' || t1.status || '","attempts":' || t1.attempts::text || ',"redelivery":' || t1.redelivery::text || ',"responseStatus":' || coalesce(t1.response_status::text, 'null') || ',"lastError":' || coalesce(to_json(t1.last_error)::text, 'null') || ',"createdAt":' || to_json(t1.created_at)::text || ',"attemptedAt":' || coalesce(to_json(t1.attempted_at)::text, 'null') || ',"deliveredAt":' || coalesce(to_json(t1.delivered_at)::text, 'null') || ',"webhook":' || coalesce((select ('{"id":"webhook_' || t2.id || '"}') from webhook t2 where t2.id = t1.webhook_id and t2.organisation_id = $1::uuid and $2::boolean), 'null') || ',"activity":' || coalesce((select ('{"id":"activity_' || t3.id || '"}') from activity t3 where t3.id = t1.activity_id and t3.organisation_id = $1::uuid and case when t3.kind in ('USER_INVITED', 'ACCESS_CHANGED', 'GROUP_CREATED', 'GROUP_CHANGED', 'GROUP_DELETED', 'API_TOKEN_CREATED', 'API_TOKEN_REVOKED') then $2::boolean else $3::boolean end), 'null') || '}'), ','), '') || ']}') from (select t5.*, row_number() over () as place_ from (select t4.* from webhook_delivery t4 where true and t4.organisation_id = $1::uuid and $2::boolean order by t4.created_at desc, t4.id desc limit 10) t5) t1 having true)
;
select x.* from party x where x.id = $1::uuid and x.organisation_id = $2::uuid and $3::boolean
;
select x.* from party x where x.id = $1::uuid and x.organisation_id = $2::uuid and $3::boolean for no key update
;
SELECT "assignee_id","organisation_id","started_by_id","effective_on","updated_at","closed_at","reason","closed_by_id","id","product_id","resolution","comment","version","due_on","started_at","status","party_id" FROM "offboarding" WHERE "party_id"=$1 AND NOT "status"=$2
;
select u.id, u.organisation_id, u.client_access, coalesce((select array_agg(distinct p) from user_group_member m
    join user_group g on g.id = m.user_group_id, unnest(g.permissions) p
    where m.user_id = u.id), '{}') as permissions from app_user u where u.id = $1 and u.organisation_id = $2 and u.enabled for share of u
;
insert into activity
  (organisation_id, actor_id, occurred_at, offboarding_id, party_id, product_id, user_id, kind,
    changes)
select $1, $2, $3, $4, $5, $6, $7, entry.kind, entry.changes::jsonb
from unnest($8::text[], $9::text[]) as entry(kind, changes)
;
select pg_notify('activity', '')::text
;
select x.* from product x where x.id = $1::uuid and x.organisation_id = $2::uuid and $3::boolean
;
select x.* from product x where x.id = $1::uuid and x.organisation_id = $2::uuid and $3::boolean for no key update
;
SELECT "assignee_id","organisation_id","started_by_id","effective_on","updated_at","closed_at","reason","closed_by_id","id","product_id","resolution","comment","version","due_on","started_at","status","party_id" FROM "offboarding" WHERE "product_id"=$1 AND NOT "status"=$2
;
select x.* from offboarding x where x.id = $1::uuid and x.organisation_id = $2::uuid and $3::boolean for no key update
;
update offboarding set status = $3, resolution = $4, reason = $5, comment = $6, effective_on = $7, due_on = $8, updated_at = $9, closed_at = $10, assignee_id = $11, closed_by_id = $12, version = version + 1 where id = $1 and version = $2 and status <> 'DONE'
;
select x.* from offboarding x where x.id = $1::uuid and x.organisation_id = $2::uuid and $3::boolean
;
with written as (update offboarding set status = $3, resolution = $4, reason = $5, comment = $6, effective_on = $7, due_on = $8, updated_at = $9, closed_at = $10, assignee_id = $11, closed_by_id = $12, version = version + 1 where id = $1 and version = $2 and status <> 'DONE' returning id), logged as (
insert into activity
  (organisation_id, actor_id, occurred_at, offboarding_id, party_id, product_id, user_id, kind,
    changes)
select $13, $14, $15, $16, $17, $18, $19, entry.kind, entry.changes::jsonb
from written, unnest($20::text[], $21::text[]) as entry(kind, changes)
) select count(*)::text from written
;
select coalesce((select ('{"id":"offboarding_' || t1.id || '","status":"' || t1.status || '","version":' || t1.version::text || '}') from offboarding t1 where t1.id = $1::uuid and t1.organisation_id = $2::uuid and $3::boolean), 'null')
;
select coalesce((select ('{"id":"offboarding_' || t1.id || '","assignee":' || coalesce((select ('{"id":"user_' || t2.id || '"}') from app_user t2 where t2.id = t1.assignee_id and t2.organisation_id = $2::uuid), 'null') || '}') from offboarding t1 where t1.id = $1::uuid and t1.organisation_id = $2::uuid and $3::boolean), 'null')
;
select null::uuid as id from pg_advisory_xact_lock_shared($1)
;
select id from party where id = any($1) order by id for no key update
;
SELECT
                        current_setting('jit') AS cur,
                        set_config('jit', 'off', false) AS new
;
WITH RECURSIVE typeinfo_tree(
    oid, ns, name, kind, basetype, elemtype, elemdelim,
    range_subtype, attrtypoids, attrnames, depth)
AS (
    SELECT
        ti.oid, ti.ns, ti.name, ti.kind, ti.basetype,
        ti.elemtype, ti.elemdelim, ti.range_subtype,
        ti.attrtypoids, ti.attrnames, 0
    FROM
            (
        SELECT
            t.oid                           AS oid,
            ns.nspname                      AS ns,
            t.typname                       AS name,
            t.typtype                       AS kind,
            (CASE WHEN t.typtype = 'd' THEN
                (WITH RECURSIVE typebases(oid, depth) AS (
                    SELECT
                        t2.typbasetype      AS oid,
                        0                   AS depth
                    FROM
                        pg_type t2
                    WHERE
                        t2.oid = t.oid

                    UNION ALL

                    SELECT
                        t2.typbasetype      AS oid,
                        tb.depth + 1        AS depth
                    FROM
                        pg_type t2,
                        typebases tb
                    WHERE
                       tb.oid = t2.oid
                       AND t2.typbasetype != 0
               ) SELECT oid FROM typebases ORDER BY depth DESC LIMIT 1)

               ELSE NULL
            END)                            AS basetype,
            t.typelem                       AS elemtype,
            elem_t.typdelim                 AS elemdelim,
            COALESCE(
                range_t.rngsubtype,
                multirange_t.rngsubtype)    AS range_subtype,
            (CASE WHEN t.typtype = 'c' THEN
                (SELECT
                    array_agg(ia.atttypid ORDER BY ia.attnum)
                FROM
                    pg_attribute ia
                    INNER JOIN pg_class c
                        ON (ia.attrelid = c.oid)
                WHERE
                    ia.attnum > 0 AND NOT ia.attisdropped
                    AND c.reltype = t.oid)

                ELSE NULL
            END)                            AS attrtypoids,
            (CASE WHEN t.typtype = 'c' THEN
                (SELECT
                    array_agg(ia.attname::text ORDER BY ia.attnum)
                FROM
                    pg_attribute ia
                    INNER JOIN pg_class c
                        ON (ia.attrelid = c.oid)
                WHERE
                    ia.attnum > 0 AND NOT ia.attisdropped
                    AND c.reltype = t.oid)

                ELSE NULL
            END)                            AS attrnames
        FROM
            pg_catalog.pg_type AS t
            INNER JOIN pg_catalog.pg_namespace ns ON (
                ns.oid = t.typnamespace)
            LEFT JOIN pg_type elem_t ON (
                t.typlen = -1 AND
                t.typelem != 0 AND
                t.typelem = elem_t.oid
            )
            LEFT JOIN pg_range range_t ON (
                t.oid = range_t.rngtypid
            )
            LEFT JOIN pg_range multirange_t ON (
                t.oid = multirange_t.rngmultitypid
            )
    )
 AS ti
    WHERE
        ti.oid = any($1::oid[])

    UNION ALL

    SELECT
        ti.oid, ti.ns, ti.name, ti.kind, ti.basetype,
        ti.elemtype, ti.elemdelim, ti.range_subtype,
        ti.attrtypoids, ti.attrnames, tt.depth + 1
    FROM
            (
        SELECT
            t.oid                           AS oid,
            ns.nspname                      AS ns,
            t.typname                       AS name,
            t.typtype                       AS kind,
            (CASE WHEN t.typtype = 'd' THEN
                (WITH RECURSIVE typebases(oid, depth) AS (
                    SELECT
                        t2.typbasetype      AS oid,
                        0                   AS depth
                    FROM
                        pg_type t2
                    WHERE
                        t2.oid = t.oid

                    UNION ALL

                    SELECT
                        t2.typbasetype      AS oid,
                        tb.depth + 1        AS depth
                    FROM
                        pg_type t2,
                        typebases tb
                    WHERE
                       tb.oid = t2.oid
                       AND t2.typbasetype != 0
               ) SELECT oid FROM typebases ORDER BY depth DESC LIMIT 1)

               ELSE NULL
            END)                            AS basetype,
            t.typelem                       AS elemtype,
            elem_t.typdelim                 AS elemdelim,
            COALESCE(
                range_t.rngsubtype,
                multirange_t.rngsubtype)    AS range_subtype,
            (CASE WHEN t.typtype = 'c' THEN
                (SELECT
                    array_agg(ia.atttypid ORDER BY ia.attnum)
                FROM
                    pg_attribute ia
                    INNER JOIN pg_class c
                        ON (ia.attrelid = c.oid)
                WHERE
                    ia.attnum > 0 AND NOT ia.attisdropped
                    AND c.reltype = t.oid)

                ELSE NULL
            END)                            AS attrtypoids,
            (CASE WHEN t.typtype = 'c' THEN
                (SELECT
                    array_agg(ia.attname::text ORDER BY ia.attnum)
                FROM
                    pg_attribute ia
                    INNER JOIN pg_class c
                        ON (ia.attrelid = c.oid)
                WHERE
                    ia.attnum > 0 AND NOT ia.attisdropped
                    AND c.reltype = t.oid)

                ELSE NULL
            END)                            AS attrnames
        FROM
            pg_catalog.pg_type AS t
            INNER JOIN pg_catalog.pg_namespace ns ON (
                ns.oid = t.typnamespace)
            LEFT JOIN pg_type elem_t ON (
                t.typlen = -1 AND
                t.typelem != 0 AND
                t.typelem = elem_t.oid
            )
            LEFT JOIN pg_range range_t ON (
                t.oid = range_t.rngtypid
            )
            LEFT JOIN pg_range multirange_t ON (
                t.oid = multirange_t.rngmultitypid
            )
    )
 ti,
        typeinfo_tree tt
    WHERE
        (tt.elemtype IS NOT NULL AND ti.oid = tt.elemtype)
        OR (tt.attrtypoids IS NOT NULL AND ti.oid = any(tt.attrtypoids))
        OR (tt.range_subtype IS NOT NULL AND ti.oid = tt.range_subtype)
        OR (tt.basetype IS NOT NULL AND ti.oid = tt.basetype)
)

SELECT DISTINCT
    *,
    basetype::regtype::text AS basetype_name,
    elemtype::regtype::text AS elemtype_name,
    range_subtype::regtype::text AS range_subtype_name
FROM
    typeinfo_tree
ORDER BY
    depth DESC
;
select h.product_id as id from holding h where h.party_id = $1 and h.role in ('OWNER', 'JOINT_OWNER') and h.ended_on is null
;
SELECT "require_products_terminated","created_at","id","name","retention_months","four_eyes" FROM "organisation" WHERE "id"=$1 LIMIT $2
;
SELECT "offboarded_at","listed","retention_until","created_at","reference","organisation_id","updated_at","manager_id","onboarded_on","id","type","name","email","status","offboarded_by_id" FROM "party" WHERE "id"=$1 LIMIT $2
;
UPDATE "party" SET "status"=$1,"retention_until"=$2,"updated_at"=$3,"offboarded_at"=$4,"offboarded_by_id"=$5 WHERE "id"=$6
;
update party p set listed = (p.status = 'ACTIVE' or exists (select from holding h join product q on q.id = h.product_id where h.party_id = p.id and h.role in ('OWNER', 'JOINT_OWNER') and h.ended_on is null and q.status = 'ACTIVE')) where p.id = any($1) and p.listed <> (p.status = 'ACTIVE' or exists (select from holding h join product q on q.id = h.product_id where h.party_id = p.id and h.role in ('OWNER', 'JOINT_OWNER') and h.ended_on is null and q.status = 'ACTIVE'))
;
select id from product where id = any($1) order by id for no key update
;
SELECT "organisation_id","started_on","id","product_id","role","ended_on","party_id" FROM "holding" WHERE "party_id"=$1 AND "product_id"=$2 LIMIT $3
;
UPDATE "holding" SET "ended_on"=$1 WHERE "id"=$2
;
update product q set listed = (q.status = 'ACTIVE' or exists (select from holding h join party p on p.id = h.party_id where h.product_id = q.id and h.role in ('OWNER', 'JOINT_OWNER') and h.ended_on is null and p.status = 'ACTIVE')) where q.id = any($1) and q.listed <> (q.status = 'ACTIVE' or exists (select from holding h join party p on p.id = h.party_id where h.product_id = q.id and h.role in ('OWNER', 'JOINT_OWNER') and h.ended_on is null and p.status = 'ACTIVE'))
;
select coalesce((select ('{"role":"' || t1.role || '","endedOn":' || coalesce(('"' || t1.ended_on || '"'), 'null') || '}') from holding t1 where t1.id = $1::uuid and t1.organisation_id = $2::uuid), 'null')
;
select coalesce((select ('{"id":"party_' || t1.id || '"}') from party t1 where t1.id = $1::uuid and t1.organisation_id = $2::uuid and $3::boolean), 'null')
;
select x.* from outgoing_mail x where x.id = $1::uuid and x.organisation_id = $2::uuid and $3::boolean for no key update
;
UPDATE "outgoing_mail" SET "kind"=$1,"day"=$2,"webhook_url"=$3,"status"=$4,"attempts"=$5,"due_at"=$6,"give_up_at"=$7,"last_error"=$8,"created_at"=$9,"sent_at"=$10,"offboarding_id"=$11,"organisation_id"=$12,"recipient_id"=$13,"sender_id"=$14 WHERE "id"=$15
;
select coalesce((select ('{"id":"outgoing_mail_' || t1.id || '","kind":"' || t1.kind || '","status":"' || t1.status || '","attempts":' || t1.attempts::text || ',"day":' || coalesce(('"' || t1.day || '"'), 'null') || ',"createdAt":' || to_json(t1.created_at)::text || ',"nextAttemptAt":' || coalesce(to_json((case when t1.status = 'QUEUED' then t1.due_at end))::text, 'null') || ',"sentAt":' || coalesce(to_json(t1.sent_at)::text, 'null') || ',"lastError":' || coalesce(to_json(t1.last_error)::text, 'null') || ',"recipient":' || coalesce((select ('{"id":"user_' || t2.id || '"}') from app_user t2 where t2.id = t1.recipient_id and t2.organisation_id = $2::uuid), 'null') || ',"sender":' || coalesce((select ('{"id":"user_' || t3.id || '"}') from app_user t3 where t3.id = t1.sender_id and t3.organisation_id = $2::uuid), 'null') || ',"offboarding":' || coalesce((select ('{"id":"offboarding_' || t4.id || '"}') from offboarding t4 where t4.id = t1.offboarding_id and t4.organisation_id = $2::uuid and $3::boolean), 'null') || '}') from outgoing_mail t1 where t1.id = $1::uuid and t1.organisation_id = $2::uuid and $4::boolean), 'null')
;
select x.* from app_user x where x.id = $1::uuid and x.organisation_id = $2::uuid for no key update
;
UPDATE "app_user" SET "language"=$1,"daily_digest"=$2,"updated_at"=$3 WHERE "id"=$4
;
select ('{"language":' || coalesce(to_json((select t1.language from app_user t1 where t1.id = $1::uuid))::text, 'null') || ',"dailyDigest":' || coalesce(to_json((select t2.daily_digest from app_user t2 where t2.id = $1::uuid))::text, 'null') || '}')
;
select id from organisation where id = $1 for no key update
;
select exists (select from app_user u join user_group_member m on m.user_id = u.id
  join user_group g on g.id = m.user_group_id
  where u.organisation_id = $1 and u.enabled and 'USER_ADMIN' = any(g.permissions)) as somebody
;
SELECT "organisation_id","permissions","description","id","name" FROM "user_group" WHERE "organisation_id"=$1 AND "id" IN ($2)
;
SELECT 1 FROM "app_user" WHERE "organisation_id"=$1 AND "email"=$2 LIMIT $3
;
select coalesce((select ('{"id":"user_' || t1.id || '","name":' || to_json(t1.name)::text || ',"email":' || to_json(t1.email)::text || ',"enabled":' || t1.enabled::text || ',"clientAccess":"' || t1.client_access || '","groups":' || (select ('[' || coalesce(string_agg(('{"id":"user_group_' || t2.id || '","name":' || to_json(t2.name)::text || ',"isDefault":' || coalesce(to_json((t2.name in ('Reader', 'Analyst', 'Officer', 'Approver', 'Administrator')))::text, 'null') || '}'), ',' order by t2.name collate "C"), '') || ']') from user_group_member m join user_group t2 on t2.id = m.user_group_id where m.user_id = t1.id and t2.organisation_id = $2::uuid) || '}') from app_user t1 where t1.id = $1::uuid and t1.organisation_id = $2::uuid), 'null')
;
UPDATE "app_user" SET "enabled"=$1,"client_access"=$2,"updated_at"=$3 WHERE "id"=$4
;
DELETE FROM "browser_session" WHERE "user_id"=$1
;
SELECT 1 FROM "user_group" WHERE "organisation_id"=$1 AND "name"=$2 AND NOT "id"=$3 LIMIT $4
;
select coalesce((select ('{"id":"user_group_' || t1.id || '","name":' || to_json(t1.name)::text || ',"description":' || to_json(t1.description)::text || ',"isDefault":' || coalesce(to_json((t1.name in ('Reader', 'Analyst', 'Officer', 'Approver', 'Administrator')))::text, 'null') || ',"memberCount":' || coalesce(to_json(((select count(*) from user_group_member m where m.user_group_id = t1.id)))::text, 'null') || ',"permissions":' || to_json(t1.permissions)::text || '}') from user_group t1 where t1.id = $1::uuid and t1.organisation_id = $2::uuid), 'null')
;
select x.* from user_group x where x.id = $1::uuid and x.organisation_id = $2::uuid for no key update
;
SELECT 1 FROM "app_user" LEFT OUTER JOIN "user_group_member" ON "app_user"."id"="user_group_member"."user_id" WHERE "user_group_member"."user_group_id"=$1 AND "app_user"."client_access"=$2 LIMIT $3
;
UPDATE "user_group" SET "name"=$1,"description"=$2,"permissions"=$3,"organisation_id"=$4 WHERE "id"=$5
;
SELECT 1 FROM "app_user" LEFT OUTER JOIN "user_group_member" ON "app_user"."id"="user_group_member"."user_id" WHERE "user_group_member"."user_group_id"=$1 LIMIT $2
;
DELETE FROM "user_group" WHERE "id"=$1
;
select coalesce((select ('{"id":"api_token_' || t1.id || '","name":' || to_json(t1.name)::text || ',"scopes":' || coalesce(to_json(t1.scopes)::text, 'null') || ',"createdAt":' || to_json(t1.created_at)::text || ',"expiresAt":' || to_json(t1.expires_at)::text || ',"lastUsedAt":' || coalesce(to_json(t1.last_used_at)::text, 'null') || ',"revokedAt":' || coalesce(to_json(t1.revoked_at)::text, 'null') || ',"user":' || coalesce((select ('{"id":"user_' || t2.id || '"}') from app_user t2 where t2.id = t1.user_id and t2.organisation_id = $2::uuid), 'null') || '}') from api_token t1 where t1.id = $1::uuid and t1.organisation_id = $2::uuid and $3::boolean), 'null')
;
select x.* from api_token x where x.id = $1::uuid and x.organisation_id = $2::uuid and $3::boolean for no key update
;
UPDATE "api_token" SET "revoked_at"=$1 WHERE "id"=$2
;
SELECT COUNT(*) FROM "webhook" WHERE "organisation_id"=$1
;
select coalesce(max(id), 0) as id from activity
;
select coalesce((select ('{"id":"webhook_' || t1.id || '","url":' || to_json(t1.url)::text || ',"kinds":' || coalesce(to_json(t1.kinds)::text, 'null') || ',"enabled":' || t1.enabled::text || ',"disabledReason":' || coalesce(to_json(t1.disabled_reason)::text, 'null') || ',"failures":' || t1.failures::text || ',"failingSince":' || coalesce(to_json(t1.failing_since)::text, 'null') || ',"createdAt":' || to_json(t1.created_at)::text || ',"updatedAt":' || to_json(t1.updated_at)::text || ',"createdBy":' || coalesce((select ('{"id":"user_' || t2.id || '"}') from app_user t2 where t2.id = t1.created_by_id and t2.organisation_id = $2::uuid), 'null') || '}') from webhook t1 where t1.id = $1::uuid and t1.organisation_id = $2::uuid and $3::boolean), 'null')
;
select x.* from webhook_delivery x where x.id = $1::uuid and x.organisation_id = $2::uuid and $3::boolean
;
select x.* from webhook x where x.id = $1::uuid and x.organisation_id = $2::uuid and $3::boolean for no key update
;
select coalesce((select ('{"id":"webhook_delivery_' || t1.id || '","status":"' || t1.status || '","attempts":' || t1.attempts::text || ',"redelivery":' || t1.redelivery::text || ',"responseStatus":' || coalesce(t1.response_status::text, 'null') || ',"lastError":' || coalesce(to_json(t1.last_error)::text, 'null') || ',"createdAt":' || to_json(t1.created_at)::text || ',"attemptedAt":' || coalesce(to_json(t1.attempted_at)::text, 'null') || ',"deliveredAt":' || coalesce(to_json(t1.delivered_at)::text, 'null') || ',"webhook":' || coalesce((select ('{"id":"webhook_' || t2.id || '"}') from webhook t2 where t2.id = t1.webhook_id and t2.organisation_id = $2::uuid and $3::boolean), 'null') || ',"activity":' || coalesce((select ('{"id":"activity_' || t3.id || '"}') from activity t3 where t3.id = t1.activity_id and t3.organisation_id = $2::uuid and case when t3.kind in ('USER_INVITED', 'ACCESS_CHANGED', 'GROUP_CREATED', 'GROUP_CHANGED', 'GROUP_DELETED', 'API_TOKEN_CREATED', 'API_TOKEN_REVOKED') then $3::boolean else $4::boolean end), 'null') || '}') from webhook_delivery t1 where t1.id = $1::uuid and t1.organisation_id = $2::uuid and $3::boolean), 'null')
;
UPDATE "webhook" SET "secret"=$1,"previous_secret"=$2,"previous_secret_until"=$3,"updated_at"=$4 WHERE "id"=$5
;
select coalesce((select ('{"id":"webhook_' || t1.id || '"}') from webhook t1 where t1.id = $1::uuid and t1.organisation_id = $2::uuid and $3::boolean), 'null')
;
UPDATE "webhook" SET "url"=$1,"kinds"=$2,"updated_at"=$3,"enabled"=$4,"failures"=$5,"failing_since"=$6,"disabled_reason"=$7,"due_at"=$8 WHERE "id"=$9
;
DELETE FROM "webhook" WHERE "id"=$1
