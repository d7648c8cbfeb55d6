-- For wrk: GETs one of COUNT artifacts, or PUTs the body in FILE under a new name each time.
-- Arguments after the URL: GET path-with-%s first count | PUT path-with-%s first file. TOKEN is in the environment.
local thread_number = 0

function setup(thread)
    thread:set("number", thread_number)
    thread_number = thread_number + 1
end

local ready, sent, method, path, first, body

function init(args)
    method, path, first = args[1], args[2], tonumber(args[3])
    ready, sent = {}, 0
    wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
    wrk.headers["Content-Type"] = "application/octet-stream"
    if method == "PUT" then
        local file = assert(io.open(args[4], "rb"))
        body = file:read("*a")
        file:close()
    else
        for i = 1, tonumber(args[4]) do
            ready[i] = wrk.format("GET", path:format(string.format("%d", first + i)))
        end
    end
end

function request()
    sent = sent + 1
    if method == "GET" then
        return ready[sent % #ready + 1]
    end
    -- 10 000 000 names for each thread.
    return wrk.format("PUT", path:format(string.format("%d", first + number * 10000000 + sent)), nil, body)
end

function done(summary)
    local e = summary.errors
    io.write(string.format(
        '{"requests":%d,"microseconds":%d,"bytes":%d,"refused":%d,"broken":%d}\n',
        summary.requests, summary.duration, summary.bytes, e.status, e.connect + e.read + e.write + e.timeout
    ))
end
