-- Sends one of the bodies of a file, drawn at random for each request.
local bodies, headers = {}, { ["Content-Type"] = "application/json" }
for body in io.lines(os.getenv("BODIES")) do
  table.insert(bodies, body)
end
local extra = os.getenv("HEADERS")
if extra ~= "" then
  for header in io.lines(extra) do
    local name, value = header:match("^([^:]+):%s*(.+)$")
    headers[name] = value
  end
end
math.randomseed(os.time())
function request()
  return wrk.format("POST", nil, headers, bodies[math.random(#bodies)])
end
