// Tests of the order in which windows are asked, and of what is given up where the API refuses
// them.
#include "core/window_queue.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>

namespace argo {
namespace {

constexpr std::int32_t kChannel = 103;
constexpr UnixTime kStart = 1772600400;

TimeRange days(int from, int to) {
  return {kStart + from * kDaySeconds, kStart + to * kDaySeconds};
}

Outcome refused() {
  return {0, Outcome::Kind::kWindowTooLarge, false, "ZA002", "HTTP 500"};
}
Outcome coarser() {
  return {0, Outcome::Kind::kWindowTooLarge, true, "ZA002", "coarser"};
}
Outcome lost() {
  return {0, Outcome::Kind::kFailed, false, "08006", "reset"};
}

// Asks one window after the other of an API that answers as told; keeps what was asked and given
// up.
class WindowQueueTest : public ::testing::Test {
 protected:
  using Api = std::function<Outcome(const TimeRange&)>;

  void ask_all(const Api& api) {
    while (const auto window = queue_.next()) {
      asked_.push_back(window->range);
      const Outcome outcome = api(window->range);
      if (outcome.kind == Outcome::Kind::kDone)
        answered_slots_ += window->range.slots();
      for (const auto& failed : queue_.ended(*window, outcome))
        given_up_.push_back(failed);
    }
  }

  std::int64_t given_up_slots() const {
    std::int64_t slots = 0;
    for (const auto& failed : given_up_)
      slots += failed.window.range.slots();
    return slots;
  }

  WindowQueue queue_;
  std::vector<TimeRange> asked_;
  std::vector<WindowQueue::GivenUp> given_up_;
  std::int64_t answered_slots_ = 0;
};

TEST_F(WindowQueueTest, AsksInTheOrderOfAdding) {
  queue_.add({kChannel, days(0, 7)});
  queue_.add({kChannel, days(7, 14)});
  ask_all([](const TimeRange&) { return Outcome(); });
  ASSERT_EQ(asked_.size(), 2U);
  EXPECT_EQ(asked_[0].from, kStart);
  EXPECT_EQ(answered_slots_, 14 * 96);
}

TEST_F(WindowQueueTest, LeavesAVirtualChannelAloneAfterAFewRequests) {
  for (int week = 0; week < 13; ++week)
    queue_.add({kChannel, days(7 * week, 7 * week + 7)});
  ask_all([](const TimeRange&) { return refused(); });
  // The oldest week, the newest week, its newest day.
  EXPECT_EQ(asked_.size(), 3U);
  EXPECT_EQ(given_up_.size(), 13U);
  EXPECT_EQ(given_up_slots(), 91 * 96);
}

TEST_F(WindowQueueTest, FindsTheDaysOfADeviceThatIsNew) {
  for (int week = 0; week < 13; ++week)
    queue_.add({kChannel, days(7 * week, 7 * week + 7)});
  const UnixTime installed = days(88, 91).from;
  ask_all([&](const TimeRange& range) { return range.from < installed ? refused() : Outcome(); });
  EXPECT_EQ(answered_slots_, 3 * 96);
  EXPECT_EQ(given_up_slots(), 88 * 96);
}

TEST_F(WindowQueueTest, IsolatesABadDay) {
  queue_.add({kChannel, days(0, 7)});
  const TimeRange bad = days(4, 5);
  ask_all([&](const TimeRange& range) {
    return range.from < bad.to && range.to > bad.from ? refused() : Outcome();
  });
  ASSERT_EQ(given_up_.size(), 1U);
  EXPECT_EQ(given_up_[0].window.range.from, bad.from);
  EXPECT_EQ(given_up_slots(), 96);
  EXPECT_EQ(answered_slots_, 6 * 96);
}

TEST_F(WindowQueueTest, RemembersASizeThatWasTooLarge) {
  queue_.add({kChannel, days(0, 7)});
  queue_.add({104, days(0, 7)});
  ask_all([](const TimeRange& range) {
    return range.seconds() > 2 * kDaySeconds ? coarser() : Outcome();
  });
  EXPECT_TRUE(given_up_.empty());
  EXPECT_EQ(answered_slots_, 14 * 96);
  // Seven and four days of the first channel in vain, nothing of the second.
  int too_large = 0;
  for (const TimeRange& range : asked_)
    too_large += range.seconds() > 2 * kDaySeconds ? 1 : 0;
  EXPECT_LE(too_large, 3);
}

TEST_F(WindowQueueTest, GivesUpADayThatIsTooLargeAlready) {
  queue_.add({kChannel, days(0, 1)});
  ask_all([](const TimeRange&) { return coarser(); });
  ASSERT_EQ(given_up_.size(), 1U);
  EXPECT_EQ(given_up_[0].reason, "coarser");
}

TEST_F(WindowQueueTest, LosesNoWindowWhereAnswersAreLost) {
  for (int week = 0; week < 4; ++week)
    queue_.add({kChannel, days(7 * week, 7 * week + 7)});
  int request = 0;
  ask_all([&](const TimeRange&) { return ++request % 2 == 1 ? refused() : lost(); });
  EXPECT_EQ(given_up_slots() + answered_slots_, 28 * 96);
}

// Several windows of a channel under way at once, ended in any order by any outcome: every slot is
// answered or given up, once.
TEST(WindowQueueProperty, AccountsForEverySlot) {
  for (std::uint32_t seed = 0; seed < 500; ++seed) {
    std::minstd_rand random(seed + 1);
    WindowQueue queue;
    for (int week = 0; week < 5; ++week)
      for (const std::int32_t channel : {1, 2, 3})
        queue.add({channel, days(7 * week, 7 * week + 7)});
    std::map<std::pair<std::int32_t, UnixTime>, int> seen;
    const auto see = [&](const Window& window) {
      for (UnixTime ts = window.range.from; ts < window.range.to; ts += kDaySeconds)
        ++seen[{window.channel_id, ts}];
    };
    std::vector<Window> under_way;
    while (true) {
      while (under_way.size() < 4) {
        const auto window = queue.next();
        if (!window)
          break;
        under_way.push_back(*window);
      }
      if (under_way.empty())
        break;
      const std::size_t which = random() % under_way.size();
      const Window window = under_way[which];
      under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(which));
      const std::uint32_t dice = random() % 10;
      const Outcome outcome = window.channel_id == 1 || dice < 4 ? refused()
                              : dice < 5                         ? lost()
                              : dice < 6                         ? coarser()
                                                                 : Outcome();
      if (outcome.kind == Outcome::Kind::kDone)
        see(window);
      for (const auto& failed : queue.ended(window, outcome))
        see(failed.window);
    }
    ASSERT_EQ(seen.size(), 105U) << seed;
    for (const auto& [slot, times] : seen)
      ASSERT_EQ(times, 1) << seed << " channel " << slot.first;
  }
}

}  // namespace
}  // namespace argo
